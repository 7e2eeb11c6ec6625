#include "mooring/blob/guard.h"

#include "mooring/base/check.h"
#include "mooring/core/core.h"

namespace mooring {

struct GuardEntry {
  Hash128 hash;
  std::size_t shared_holders = 0;
  bool held_exclusively = false;
  HashGuards::Lock* first = nullptr;  // who waits
  HashGuards::Lock* last = nullptr;
  GuardEntry* next = nullptr;  // in the bucket, or in the free list

  [[nodiscard]] bool admits(GuardMode mode) const noexcept {
    if (held_exclusively) return false;
    return mode == GuardMode::shared || shared_holders == 0;
  }
  void take(GuardMode mode) noexcept {
    if (mode == GuardMode::exclusive)
      held_exclusively = true;
    else
      ++shared_holders;
  }
  [[nodiscard]] bool is_free() const noexcept {
    return !held_exclusively && shared_holders == 0 && first == nullptr;
  }
};

struct alignas(64) HashGuards::Shard {
  static constexpr std::size_t kBuckets = 64;
  static constexpr std::size_t kBlockEntries = 32;

  mutable std::mutex mutex;
  std::array<GuardEntry*, kBuckets> buckets{};
  GuardEntry* unused = nullptr;
  std::vector<std::unique_ptr<GuardEntry[]>> blocks;
  std::size_t entries = 0;

  // The low bits chose the shard.
  [[nodiscard]] GuardEntry*& bucket_of(const Hash128& hash) noexcept {
    return buckets[(hash.lo / kShards) % kBuckets];
  }

  [[nodiscard]] GuardEntry& find_or_make(const Hash128& hash) {
    GuardEntry*& bucket = bucket_of(hash);
    for (GuardEntry* entry = bucket; entry != nullptr; entry = entry->next)
      if (entry->hash == hash) return *entry;
    if (unused == nullptr) add_block();
    GuardEntry& entry = *std::exchange(unused, unused->next);
    entry.hash = hash;
    entry.next = std::exchange(bucket, &entry);
    ++entries;
    return entry;
  }

  void add_block() {
    blocks.push_back(std::make_unique<GuardEntry[]>(kBlockEntries));
    for (std::size_t i = 0; i < kBlockEntries; ++i) {
      blocks.back()[i].next = unused;
      unused = &blocks.back()[i];
    }
  }

  void forget(GuardEntry& entry) noexcept {
    GuardEntry** link = &bucket_of(entry.hash);
    while (*link != &entry) link = &(*link)->next;
    *link = entry.next;
    entry.next = std::exchange(unused, &entry);
    --entries;
  }
};

void HashGuard::reset() noexcept {
  if (guards_ == nullptr) return;
  std::exchange(guards_, nullptr)->release(*entry_, mode_);
}

HashGuards::HashGuards() : shards_(std::make_unique<std::array<Shard, kShards>>()) {}

HashGuards::~HashGuards() {
  MOORING_CHECK(size() == 0, "guards end while a hash is held");
}

HashGuards::Shard& HashGuards::shard_of(const Hash128& hash) const noexcept {
  return (*shards_)[hash.lo % kShards];
}

std::size_t HashGuards::size() const {
  std::size_t count = 0;
  for (const Shard& shard : *shards_) {
    const std::lock_guard lock(shard.mutex);
    count += shard.entries;
  }
  return count;
}

bool HashGuards::Lock::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  return !guards_.lock_or_wait(*this);
}

void HashGuards::Lock::deliver() noexcept {
  core_.resume_later(waiter_);
}

HashGuard HashGuards::try_lock(const Hash128& hash) {
  Shard& shard = shard_of(hash);
  const std::lock_guard inside(shard.mutex);
  GuardEntry& entry = shard.find_or_make(hash);
  if (!entry.is_free()) return {};
  entry.take(GuardMode::exclusive);
  return HashGuard(*this, entry, GuardMode::exclusive);
}

bool HashGuards::lock_or_wait(Lock& lock) {
  Shard& shard = shard_of(lock.hash_);
  const std::lock_guard inside(shard.mutex);
  GuardEntry& entry = shard.find_or_make(lock.hash_);
  lock.entry_ = &entry;
  if (entry.first == nullptr && entry.admits(lock.mode_)) {
    entry.take(lock.mode_);
    return true;
  }
  if (entry.last != nullptr)
    entry.last->next_ = &lock;
  else
    entry.first = &lock;
  entry.last = &lock;
  return false;
}

void HashGuards::release(GuardEntry& entry, GuardMode mode) noexcept {
  Lock* granted = nullptr;
  Lock** end_of_granted = &granted;
  {
    Shard& shard = shard_of(entry.hash);
    const std::lock_guard inside(shard.mutex);
    if (mode == GuardMode::exclusive)
      entry.held_exclusively = false;
    else
      --entry.shared_holders;
    while (entry.first != nullptr && entry.admits(entry.first->mode_)) {
      Lock* const waiter = std::exchange(entry.first, entry.first->next_);
      if (entry.first == nullptr) entry.last = nullptr;
      entry.take(waiter->mode_);
      waiter->next_ = nullptr;
      *end_of_granted = waiter;
      end_of_granted = &waiter->next_;
    }
    if (entry.is_free()) shard.forget(entry);
  }
  // A waiter belongs to its core again as soon as it is posted.
  while (granted != nullptr) {
    Lock* const waiter = std::exchange(granted, granted->next_);
    waiter->core_.mailbox().post(*waiter);
  }
}

}  // namespace mooring
