#include "mooring/app/access_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "mooring/base/utf8.h"

namespace mooring {

namespace {

constexpr std::string_view kMask = "***";
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::size_t kCapabilityDigits = 32;
constexpr std::size_t kCapabilityDigitsShown = 8;  // enough to find it, too few to use it

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Decodes what can be decoded, in lower case: a name is to be recognised, not to be accepted.
std::string recognisable(std::string_view raw) {
  std::string name;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '%' && i + 2 < raw.size() && hex_value(raw[i + 1]) >= 0 &&
        hex_value(raw[i + 2]) >= 0) {
      c = static_cast<char>(hex_value(raw[i + 1]) * 16 + hex_value(raw[i + 2]));
      i += 2;
    }
    name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name;
}

// One pair of a query. A name also begins behind what other parsers take for a separator; a secret
// value ends with the pair.
void append_masked_pair(std::string& out, std::string_view pair) {
  std::size_t name_begin = 0;
  while (name_begin < pair.size()) {
    const std::size_t name_end = pair.find_first_of("=?#;", name_begin);
    if (name_end == std::string_view::npos) break;
    const std::string_view name = pair.substr(name_begin, name_end - name_begin);
    if (pair[name_end] == '=' && is_secret_parameter(name)) {
      out.append(pair.substr(0, name_end + 1)).append(kMask);
      return;
    }
    const std::size_t separator = pair.find_first_of("?#;", name_end);
    name_begin = separator == std::string_view::npos ? pair.size() : separator + 1;
  }
  out.append(pair);
}

std::string masked_url(std::string_view url) {
  const std::size_t query = url.find_first_of("?#");
  std::string masked = masked_path(url.substr(0, query));
  if (query == std::string_view::npos) return masked;
  masked += url[query];
  append_masked_query(masked, url.substr(query + 1));
  return masked;
}

/// `text` and whether something was cut off.
struct CutText {
  std::string_view text;
  std::string_view mark;
};

CutText cut(std::string_view text) {
  if (text.size() <= kAccessFieldBytesMax) return {text, ""};
  return {text.substr(0, kAccessFieldBytesMax), "..."};
}

enum class Spaces : std::uint8_t { stay, escaped };

// I1 for text: printable ASCII, everything else as \xHH.
void append_plain(std::string& out, std::string_view text, Spaces spaces = Spaces::stay) {
  if (text.empty()) out += '-';
  const CutText cut_text = cut(text);
  for (const char c : cut_text.text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_printable = byte > 0x20 && byte < 0x7f && c != '"' && c != '\\';
    if (is_printable || (c == ' ' && spaces == Spaces::stay))
      out += c;
    else
      out.append("\\x").append({kHexDigits[byte >> 4], kHexDigits[byte & 15]});
  }
  out += cut_text.mark;
}

// I1 for JSON: valid UTF-8 stays, except the control characters U+0080 to U+009F; of other text the
// bytes beyond ASCII are shown as the characters of the same number.
void append_json_text(std::string& out, std::string_view text) {
  const CutText cut_text = cut(text);
  const std::string_view shown =
      cut_text.mark.empty() ? text : truncate_utf8(text, kAccessFieldBytesMax);
  const bool is_utf8 = valid_utf8(shown);
  out += '"';
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto byte = static_cast<unsigned char>(shown[i]);
    const auto next = i + 1 < shown.size() ? static_cast<unsigned char>(shown[i + 1]) : 0u;
    if (byte == '"' || byte == '\\') {
      out.append("\\").append(1, shown[i]);
    } else if (is_utf8 && byte == 0xc2 && next < 0xa0) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", next);
      ++i;
    } else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !is_utf8)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      out += shown[i];
    }
  }
  out.append(cut_text.mark).append("\"");
}

void append_json_field(std::string& out, std::string_view name, std::string_view text) {
  out.append(",\"").append(name).append("\":");
  append_json_text(out, text);
}

std::string combined_time(std::int64_t wall_ms) {
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = wall_ms / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{:02}/{}/{}:{:02}:{:02}:{:02} +0000", utc.tm_mday, kMonths[utc.tm_mon],
                     utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string target_of(const AccessRecord& record) {
  std::string target = masked_path(record.path);
  if (!record.query.empty()) {
    target += '?';
    append_masked_query(target, record.query);
  }
  return target;
}

void append_text_line(std::string& out, const AccessRecord& record) {
  const auto insert = std::back_inserter(out);
  append_plain(out, record.peer, Spaces::escaped);
  out += " - ";
  append_plain(out, record.user, Spaces::escaped);
  fmt::format_to(insert, " [{}] \"", combined_time(record.wall_ms));
  append_plain(out, record.method, Spaces::escaped);
  out += ' ';
  append_plain(out, target_of(record), Spaces::escaped);
  fmt::format_to(insert, " HTTP/1.{}\" {} {} \"", record.http_minor, record.status,
                 record.sent_bytes);
  append_plain(out, masked_url(record.referer));
  out += "\" \"";
  append_plain(out, record.user_agent);
  out += "\" ";
  append_plain(out, record.family, Spaces::escaped);
  out += " org=";
  append_plain(out, record.organization, Spaces::escaped);
  fmt::format_to(insert, " in={}", record.received_bytes);
  if (record.refused_early) fmt::format_to(insert, " refused={}", name_of(*record.refused_early));
  for (std::size_t stage = 0; stage < kStages; ++stage)
    if (record.stage_ns[stage] > 0)
      fmt::format_to(insert, " {}={}", name_of(static_cast<Stage>(stage)),
                     record.stage_ns[stage] / 1000);
  out += '\n';
}

void append_json_line(std::string& out, const AccessRecord& record) {
  const auto insert = std::back_inserter(out);
  fmt::format_to(insert, "{{\"time\":\"{}\"", iso8601(record.wall_ms));
  append_json_field(out, "peer", record.peer);
  append_json_field(out, "user", record.user);
  append_json_field(out, "organization", record.organization);
  append_json_field(out, "method", record.method);
  append_json_field(out, "target", target_of(record));
  fmt::format_to(insert, ",\"protocol\":\"HTTP/1.{}\",\"status\":{},\"received\":{},\"sent\":{}",
                 record.http_minor, record.status, record.received_bytes, record.sent_bytes);
  append_json_field(out, "referer", masked_url(record.referer));
  append_json_field(out, "user_agent", record.user_agent);
  append_json_field(out, "family", record.family);
  if (record.refused_early) append_json_field(out, "refused", name_of(*record.refused_early));
  out += ",\"us\":{";
  bool is_first = true;
  for (std::size_t stage = 0; stage < kStages; ++stage) {
    if (record.stage_ns[stage] == 0) continue;
    fmt::format_to(insert, "{}\"{}\":{}", is_first ? "" : ",", name_of(static_cast<Stage>(stage)),
                   record.stage_ns[stage] / 1000);
    is_first = false;
  }
  out += "}}\n";
}

}  // namespace

bool is_secret_parameter(std::string_view raw_name) {
  const std::string name = recognisable(raw_name);
  const auto contains = [&name](std::string_view word) {
    return name.find(word) != std::string::npos;
  };
  return contains("token") || contains("secret") || contains("password") || contains("signature") ||
         name.ends_with("key");
}

std::string masked_path(std::string_view path) {
  std::string masked;
  for (std::size_t place = 0; place < path.size();) {
    const std::size_t end = std::min(path.find_first_not_of(kHexDigits, place), path.size());
    const bool begins = place > 0 && path[place - 1] == '/';
    const bool is_capability = begins && end - place == kCapabilityDigits;
    masked += path.substr(place, is_capability ? kCapabilityDigitsShown : end - place);
    if (is_capability) masked += kMask;
    if (end < path.size()) masked += path[end];
    place = end + 1;
  }
  return masked;
}

void append_masked_query(std::string& out, std::string_view query) {
  while (true) {
    const std::size_t end = query.find('&');
    append_masked_pair(out, query.substr(0, end));
    if (end == std::string_view::npos) return;
    out += '&';
    query.remove_prefix(end + 1);
  }
}

void append_access_line(std::string& out, const AccessRecord& record, AccessLog format) {
  MOORING_CHECK(format != AccessLog::off, "no line without a format");
  if (format == AccessLog::json)
    append_json_line(out, record);
  else
    append_text_line(out, record);
}

}  // namespace mooring
