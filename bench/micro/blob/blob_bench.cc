// The two durable ways to the disk, measured on the file system of the temporary directory
// (TMPDIR): small blobs through a segment with few and many waiting, and one large landing.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "mooring/base/check.h"
#include "mooring/blob/collect.h"
#include "mooring/blob/landing.h"
#include "mooring/blob/reader.h"
#include "mooring/blob/store.h"
#include "mooring/core/core.h"
#include "mooring/core/gate.h"
#include "mooring/core/workers.h"

namespace mooring {
namespace {

class Rig {
 public:
  Rig() {
    std::string name = (std::filesystem::temp_directory_path() / "mooring-bench-XXXXXX").string();
    MOORING_CHECK(::mkdtemp(name.data()) != nullptr, "no temporary directory");
    path_ = name;
    Result<std::unique_ptr<DataDirectory>> directory = DataDirectory::open(path_ + "/data");
    MOORING_CHECK(directory.has_value(), "no data directory");
    Result<std::unique_ptr<BlobStore>> store = BlobStore::open(std::move(*directory), {});
    MOORING_CHECK(store.has_value(), "no store");
    store_ = std::move(*store);
  }
  ~Rig() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  using Body = Task<void> (*)(CoreBlobs&, benchmark::State&);

  void run(Body body, benchmark::State& state) {
    Result<std::unique_ptr<Core>> core = Core::create({}, workers_);
    MOORING_CHECK(core.has_value(), "no core");
    CoreBlobs blobs(**core, *store_);
    Gate gate(**core);
    gate.spawn(all(blobs, body, state));
    (*core)->run();
  }

 private:
  static Task<void> all(CoreBlobs& blobs, Body body, benchmark::State& state) {
    co_await blobs.start();
    co_await body(blobs, state);
    co_await blobs.stop();
    blobs.core().stop();
  }

  std::string path_;
  WorkerPool workers_{4};
  std::unique_ptr<BlobStore> store_;
};

void measure(benchmark::State& state, Rig::Body body) {
  Rig rig;
  rig.run(body, state);
}

Task<void> append_one(CoreBlobs& blobs, std::uint64_t number, Bytes content) {
  // The store does not look at the hash on the way in, so a number does for one.
  const Result<BlobLocation> location = co_await blobs.append({{number, 0}, 0}, content);
  MOORING_CHECK(location.has_value(), "an append failed");
}

Task<void> append_in_rounds(CoreBlobs& blobs, benchmark::State& state) {
  const std::vector<std::byte> content(4096, std::byte{0x5a});
  std::uint64_t number = 0;
  Gate gate(blobs.core());
  while (state.KeepRunning()) {
    for (std::int64_t i = 0; i < state.range(0); ++i)
      gate.spawn(append_one(blobs, ++number, content));
    co_await gate.empty();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(number));
  state.SetBytesProcessed(static_cast<std::int64_t>(number * content.size()));
  state.counters["syncs"] = static_cast<double>(blobs.counters().syncs.get());
  state.counters["sync_us"] = static_cast<double>(blobs.counters().sync_ns.get()) / 1000.0 /
                              static_cast<double>(blobs.counters().syncs.get());
}

void append_4_kib(benchmark::State& state) {
  measure(state, append_in_rounds);
}
BENCHMARK(append_4_kib)->ArgName("waiting")->Arg(1)->Arg(32)->Arg(200)->UseRealTime();

Task<void> land_in_rounds(CoreBlobs& blobs, benchmark::State& state) {
  const auto size_bytes = static_cast<std::uint64_t>(state.range(0)) * 1_MiB;
  std::uint64_t number = 0;
  while (state.KeepRunning()) {
    const BlobId id{{++number << 56, number}, 0};
    Landing landing(blobs, size_bytes);
    for (std::uint64_t done = 0; done < size_bytes; done += kChunkBytes) {
      const Status written = co_await landing.write(blobs.core().chunks().lease(), kChunkBytes);
      MOORING_CHECK(written.has_value(), "a write failed");
    }
    const Status finished = co_await landing.finish();
    MOORING_CHECK(finished.has_value(), "a landing failed");
    const Status published = co_await landing.publish(id);
    MOORING_CHECK(published.has_value(), "a publication failed");
    state.PauseTiming();
    const Status removed = co_await remove_blob_file(blobs, id);
    MOORING_CHECK(removed.has_value(), "a removal failed");
    state.ResumeTiming();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(number * size_bytes));
}

void land_durably(benchmark::State& state) {
  measure(state, land_in_rounds);
}
BENCHMARK(land_durably)
    ->ArgName("mib")
    ->Arg(1)
    ->Arg(64)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

Task<void> lock_in_rounds(CoreBlobs& blobs, benchmark::State& state) {
  HashGuards& guards = blobs.store().guards();
  std::uint64_t number = 0;
  while (state.KeepRunning()) {
    ++number;
    HashGuard guard = co_await guards.lock(blobs.core(), {number, number}, GuardMode::exclusive);
    benchmark::DoNotOptimize(guard);
  }
}

void lock_a_free_hash(benchmark::State& state) {
  measure(state, lock_in_rounds);
}
BENCHMARK(lock_a_free_hash);

}  // namespace
}  // namespace mooring
