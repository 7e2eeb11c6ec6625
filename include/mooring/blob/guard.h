// HashGuards: who may publish, share or collect the contents of one hash right now.
//
// A reader/writer lock per Hash128 that is waited for with co_await. It spans cores: a process-wide
// table, sharded, each shard under a mutex held for a few instructions. A waiter is woken by a
// message to its own core. First come, first served: a shared request behind a waiting exclusive
// one waits, so nobody starves. The nodes of the table are recycled: memory is allocated only when
// more hashes are guarded at once than ever before.
//
// The owner of a HashGuard holds it from the catalogue look-up until its catalogue commit has been
// answered. Shared: to refer to an existing blob, or to open one for reading by its record.
// Exclusive: to publish new content, to collect, to move a blob to another segment.
//
// Why publish, share and collect of one hash can never race:
// I1  Names on disk and records of a hash change only under its exclusive guard, and the guard is
// kept
//     until the change is committed. So what a holder has looked up stays true while it holds.
// I2  Two uploads of one new content: the second gets the guard after the first has committed, and
//     its look-up finds the record: it shares. Exactly one file is published.
// I3  Share against collect: either the share commits its reference first, and the collector, which
//     looks for references after it got the guard, finds one; or the collector is done, and the
//     upload's look-up, made after it got the guard, finds no record and publishes anew.
// I4  All ordinals of a hash are one guard, so that two colliding contents cannot take one ordinal.
// I5  A name found at publication under an exclusive guard belongs to no record: it is the leftover
// of
//     a crash and may be replaced (landing.h).
//
// A task that needs guards of several hashes takes them in ascending order of hash, exclusive at
// once and never upgraded; otherwise two tasks could wait for each other for ever.
#pragma once

#include <array>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "mooring/base/digest.h"
#include "mooring/core/mailbox.h"

namespace mooring {

class Core;
class HashGuards;

enum class GuardMode : std::uint8_t { shared, exclusive };

/// One hash in the table while somebody holds it or waits for it.
struct GuardEntry;

/// Move-only right to one hash; given back by the destructor, on any thread.
class [[nodiscard]] HashGuard {
 public:
  HashGuard() noexcept = default;
  ~HashGuard() { reset(); }
  HashGuard(HashGuard&& other) noexcept
      : guards_(std::exchange(other.guards_, nullptr)), entry_(other.entry_), mode_(other.mode_) {}
  HashGuard& operator=(HashGuard&& other) noexcept {
    if (this != &other) {
      reset();
      guards_ = std::exchange(other.guards_, nullptr);
      entry_ = other.entry_;
      mode_ = other.mode_;
    }
    return *this;
  }

  [[nodiscard]] explicit operator bool() const noexcept { return guards_ != nullptr; }
  [[nodiscard]] GuardMode mode() const noexcept { return mode_; }
  void reset() noexcept;

 private:
  friend class HashGuards;
  HashGuard(HashGuards& guards, GuardEntry& entry, GuardMode mode) noexcept
      : guards_(&guards), entry_(&entry), mode_(mode) {}

  HashGuards* guards_ = nullptr;
  GuardEntry* entry_ = nullptr;
  GuardMode mode_ = GuardMode::shared;
};

class HashGuards {
 public:
  HashGuards();
  /// Nothing is held and nobody waits.
  ~HashGuards();
  HashGuards(const HashGuards&) = delete;
  HashGuards& operator=(const HashGuards&) = delete;

  class [[nodiscard]] Lock final : private Message {
   public:
    Lock(HashGuards& guards, Core& core, const Hash128& hash, GuardMode mode) noexcept
        : guards_(guards), core_(core), hash_(hash), mode_(mode) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    [[nodiscard]] bool await_suspend(std::coroutine_handle<> waiter);
    [[nodiscard]] HashGuard await_resume() noexcept { return {guards_, *entry_, mode_}; }

   private:
    friend class HashGuards;
    void deliver() noexcept override;

    HashGuards& guards_;
    Core& core_;
    Hash128 hash_;
    GuardMode mode_;
    GuardEntry* entry_ = nullptr;
    Lock* next_ = nullptr;
    std::coroutine_handle<> waiter_;
  };

  /// `HashGuard guard = co_await guards.lock(core, hash, GuardMode::exclusive)`. On `core`'s
  /// thread. Cannot fail and cannot be cancelled: every holder gives back after a bounded number of
  /// disk operations.
  /// The exclusive guard, if nobody holds the hash or waits for it; else an empty one. Any thread.
  [[nodiscard]] HashGuard try_lock(const Hash128& hash);

  [[nodiscard]] Lock lock(Core& core, const Hash128& hash, GuardMode mode) noexcept {
    return {*this, core, hash, mode};
  }

  /// Hashes held or waited for. Any thread; for tests and metrics.
  [[nodiscard]] std::size_t size() const;

 private:
  friend class HashGuard;
  struct Shard;
  static constexpr std::size_t kShards = 64;

  [[nodiscard]] Shard& shard_of(const Hash128& hash) const noexcept;
  [[nodiscard]] bool lock_or_wait(Lock& lock);
  void release(GuardEntry& entry, GuardMode mode) noexcept;

  std::unique_ptr<std::array<Shard, kShards>> shards_;
};

}  // namespace mooring
