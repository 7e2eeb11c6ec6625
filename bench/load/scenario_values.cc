// Values of scenarios: contract in load/scenario_file.h.
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "load/scenario_file.h"

namespace mooring {

std::expected<Endpoint, std::string> parse_target(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (text.starts_with(kScheme)) text.remove_prefix(kScheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  Result<Endpoint> endpoint = parse_endpoint(std::string(text));
  if (!endpoint)
    return std::unexpected(fmt::format("'{}' is no http://ADDR:PORT (numeric address)", text));
  return *endpoint;
}

std::expected<std::vector<unsigned>, std::string> parse_cpus(std::string_view text) {
  std::vector<unsigned> cpus;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  while (at != end) {
    unsigned cpu = 0;
    const auto parsed = std::from_chars(at, end, cpu);
    const bool whole = parsed.ptr == end || (*parsed.ptr == ',' && parsed.ptr + 1 != end);
    if (parsed.ec != std::errc() || !whole || cpu >= CPU_SETSIZE)
      return std::unexpected(fmt::format("'{}' is no list of CPUs such as 1,2", text));
    cpus.push_back(cpu);
    at = parsed.ptr == end ? end : parsed.ptr + 1;
  }
  return cpus;
}

std::expected<void, std::string> parse_body(std::string_view text, LoadOperation& operation) {
  constexpr std::string_view kChunked = "chunked";
  operation.framing = BodyFraming::length;
  std::string_view form = text;
  if (form.ends_with(kChunked)) {
    operation.framing = BodyFraming::chunked;
    form.remove_suffix(kChunked.size());
    if (form.ends_with(' ')) form.remove_suffix(1);
    if (form.empty()) form = "raw";
  }
  if (form == "raw")
    operation.body = BodyForm::raw;
  else if (form == "multipart")
    operation.body = BodyForm::multipart;
  else if (text == "none")
    operation.body = BodyForm::none;
  else
    return std::unexpected(
        fmt::format("'{}' is none of none, raw, multipart, chunked, multipart chunked", text));
  return {};
}

JsonExpectation parse_json_expectation(std::string_view key, std::string_view text) {
  JsonExpectation expectation;
  expectation.keys = split_keys(key);
  if (text == "{size}") {
    expectation.kind = JsonExpectation::Kind::content_size;
  } else if (text != "*") {
    expectation.kind = JsonExpectation::Kind::text;
    expectation.text = text;
  }
  return expectation;
}

std::expected<std::string, std::string> parse_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
    unsigned byte = 0;
    const auto parsed = std::from_chars(text.data() + at, text.data() + at + 2, byte, 16);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + at + 2) break;
    bytes.push_back(static_cast<char>(byte));
  }
  if (bytes.size() * 2 != text.size())
    return std::unexpected(fmt::format("'{}' is not bytes in hex", text));
  return bytes;
}

std::expected<std::vector<std::string>, std::string> read_lines(const std::string& file_name) {
  std::ifstream file(file_name);
  if (!file) return std::unexpected(fmt::format("cannot read {}", file_name));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

}  // namespace mooring
