// Request heads per second: one as curl sends it, one as a browser sends it.

#include <benchmark/benchmark.h>

#include <string>

#include "mooring/base/check.h"
#include "mooring/http/request_head.h"

namespace mooring {
namespace {

const std::string kCurl =
    "POST /v1/pictures/asset/833cb09d-6c34-4590-be5f-a62fab9f41a2/org-5678 HTTP/1.1\r\n"
    "Host: assets.example.org\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
    "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl\r\n"
    "Content-Length: 1048576\r\n"
    "Content-Type: multipart/form-data; boundary=------------------------d74496d66958873e\r\n\r\n";

const std::string kBrowser =
    "GET /api/storage/v1/documents?page=2&limit=50&assetId=833cb09d-6c34-4590-be5f-a62fab9f41a2 "
    "HTTP/1.1\r\n"
    "Host: assets.example.org\r\nConnection: keep-alive\r\nCache-Control: max-age=0\r\n"
    "sec-ch-ua: \"Chromium\";v=\"124\", \"Not-A.Brand\";v=\"99\"\r\nsec-ch-ua-mobile: ?0\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\nUpgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/124.0.0.0\r\n"
    "Accept: "
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: "
    "document\r\n"
    "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\n"
    "If-None-Match: \"d41d8cd98f00b204e9800998ecf8427e\"\r\n\r\n";

void parse_heads(benchmark::State& state, const std::string& bytes) {
  HeadParser parser;
  for (auto _ : state) {
    const auto length = parser.parse(bytes);
    MOORING_CHECK(length && *length == bytes.size(), "the head is not accepted");
    benchmark::DoNotOptimize(parser.head().path.data());
    parser.reset();
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

void curl_head(benchmark::State& state) {
  parse_heads(state, kCurl);
}
void browser_head(benchmark::State& state) {
  parse_heads(state, kBrowser);
}

BENCHMARK(curl_head);
BENCHMARK(browser_head);

}  // namespace
}  // namespace mooring
