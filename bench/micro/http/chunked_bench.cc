// Chunked bodies of 1 MiB by chunk size, framing included. Decoding is in place, so that each round
// works on a fresh copy: the copy is timed as `copy_only`, to be subtracted.

#include <benchmark/benchmark.h>

#include <cstring>
#include <string>

#include "mooring/base/check.h"
#include "mooring/http/chunked.h"

namespace mooring {
namespace {

std::string body_of(std::size_t chunk_bytes) {
  std::string body;
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", chunk_bytes);
  for (std::size_t sent = 0; sent < 1_MiB; sent += chunk_bytes)
    body += size + std::string(chunk_bytes, 'x') + "\r\n";
  return body + "0\r\n\r\n";
}

void decode(benchmark::State& state) {
  const std::string body = body_of(static_cast<std::size_t>(state.range(0)));
  std::string raw(body.size(), '\0');
  for (auto _ : state) {
    std::memcpy(raw.data(), body.data(), body.size());
    ChunkedDecoder decoder(UINT64_MAX);
    const auto decoded = decoder.decode(std::as_writable_bytes(std::span(raw)));
    MOORING_CHECK(decoded && decoded->done, "the body is not accepted");
    benchmark::DoNotOptimize(raw.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}

void copy_only(benchmark::State& state) {
  const std::string body = body_of(65536);
  std::string raw(body.size(), '\0');
  for (auto _ : state) {
    std::memcpy(raw.data(), body.data(), body.size());
    benchmark::DoNotOptimize(raw.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}

BENCHMARK(decode)->Arg(1)->Arg(64)->Arg(4096)->Arg(65536);
BENCHMARK(copy_only);

}  // namespace
}  // namespace mooring
