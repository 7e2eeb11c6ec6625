// DirectorySyncs: concurrent publishes into one directory share its sync.
//
// Process-wide, used by workers: the calls block. Whoever comes while a sync of the same directory
// runs waits for the next one, which then serves all who came meanwhile.
//
// I1  A completed call means: every name put into the directory before the call is on stable
// storage. I2  A failed sync is never retried: it answers everybody it would have served and all
// later callers
//     of that directory.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "mooring/base/result.h"
#include "mooring/blob/data_directory.h"

namespace mooring {

class DirectorySyncs {
 public:
  explicit DirectorySyncs(const DataDirectory& directory) noexcept : directory_(directory) {}

  /// Syncs blobs/<shard>. Blocks; on a worker.
  [[nodiscard]] Status sync_shard(unsigned shard);

  /// Calls answered, and syncs made for them. Any thread.
  [[nodiscard]] std::uint64_t calls() const noexcept {
    return calls_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t syncs() const noexcept {
    return syncs_.load(std::memory_order_relaxed);
  }

 private:
  struct Shard {
    std::mutex mutex;
    std::condition_variable done;
    std::uint64_t requested = 0;
    std::uint64_t completed = 0;
    bool running = false;
    Status outcome;
  };

  const DataDirectory& directory_;
  std::array<Shard, kBlobShards> shards_;
  std::atomic<std::uint64_t> calls_{0};
  std::atomic<std::uint64_t> syncs_{0};
};

}  // namespace mooring
