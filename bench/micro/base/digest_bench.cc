// XXH3-128: what hashing a body costs per byte, in one call and as a stream of chunks.
#include <benchmark/benchmark.h>

#include <vector>

#include "mooring/base/digest.h"

namespace mooring {
namespace {

void hash_at_once(benchmark::State& state) {
  const std::vector<std::byte> content(static_cast<std::size_t>(state.range(0)), std::byte{0x5a});
  for (auto _ : state) benchmark::DoNotOptimize(xxh3_128(content));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(hash_at_once)->Arg(64)->Arg(1024)->Arg(4096)->Arg(65536)->Arg(1 << 20);

void hash_a_stream(benchmark::State& state) {
  const std::vector<std::byte> chunk(1 << 20, std::byte{0x5a});
  for (auto _ : state) {
    StreamHash hash;
    for (int i = 0; i < 16; ++i) hash.update(chunk);
    benchmark::DoNotOptimize(hash.finish());
  }
  state.SetBytesProcessed(state.iterations() * (16 << 20));
}
BENCHMARK(hash_a_stream);

}  // namespace
}  // namespace mooring
