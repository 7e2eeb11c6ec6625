// The search for the end of a part: random bytes, text full of CR LF, and the worst case M23. 1 MiB
// each, which is one receive buffer; and the whole parser on such a body.

#include <benchmark/benchmark.h>

#include <random>
#include <string>

#include "mooring/base/check.h"
#include "mooring/http/multipart.h"

namespace mooring {
namespace {

enum class Content { random, crlf_text, partial_delimiters, all_cr };

std::string content_of(Content content) {
  std::string text;
  std::mt19937 random(42);
  while (text.size() < 1_MiB) {
    if (content == Content::random) text.push_back(static_cast<char>(random()));
    if (content == Content::crlf_text) text += "name;value;12\r\n";
    if (content == Content::partial_delimiters) text += "\r\n-";
    if (content == Content::all_cr) text += "\r";
  }
  text.resize(1_MiB);
  return text;
}

constexpr const char* kBoundary = "------------------------d74496d66958873e";

void search(benchmark::State& state, Content content) {
  const std::string text = content_of(content);
  const std::string needle = std::string("\r\n--") + kBoundary;
  for (auto _ : state) benchmark::DoNotOptimize(find_delimiter(text, needle));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

void parse(benchmark::State& state, Content content) {
  const std::string body =
      std::string("--") + kBoundary +
      "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\n" +
      content_of(content) + "\r\n--" + kBoundary + "--\r\n";
  const auto boundary = boundary_of(std::string("multipart/form-data; boundary=") + kBoundary);
  for (auto _ : state) {
    MultipartParser parser(*boundary);
    Bytes window = as_bytes(body);
    for (;;) {
      const auto event = parser.next(window, MultipartParser::Input::at_end);
      MOORING_CHECK(event, "the form is not accepted");
      window = window.subspan(event->consumed_bytes);
      if (event->kind == MultipartParser::EventKind::done) break;
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}

BENCHMARK_CAPTURE(search, random, Content::random);
BENCHMARK_CAPTURE(search, crlf_text, Content::crlf_text);
BENCHMARK_CAPTURE(search, partial_delimiters, Content::partial_delimiters);
BENCHMARK_CAPTURE(search, all_cr, Content::all_cr);
BENCHMARK_CAPTURE(parse, random, Content::random);
BENCHMARK_CAPTURE(parse, partial_delimiters, Content::partial_delimiters);

}  // namespace
}  // namespace mooring
