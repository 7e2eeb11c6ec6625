#include "mooring/blob/directory_syncs.h"

#include "mooring/uring/file.h"

namespace mooring {

Status DirectorySyncs::sync_shard(unsigned index) {
  calls_.fetch_add(1, std::memory_order_relaxed);
  Shard& shard = shards_[index];
  std::unique_lock lock(shard.mutex);
  const std::uint64_t mine = ++shard.requested;
  while (shard.completed < mine && shard.outcome) {
    if (shard.running) {
      shard.done.wait(lock);
      continue;
    }
    shard.running = true;
    const std::uint64_t served = shard.requested;
    lock.unlock();
    const Status outcome = sync_directory(directory_.shard_fd(index));
    syncs_.fetch_add(1, std::memory_order_relaxed);
    lock.lock();
    shard.running = false;
    shard.completed = served;
    if (!outcome) shard.outcome = outcome;
    shard.done.notify_all();
  }
  return shard.outcome;
}

}  // namespace mooring
