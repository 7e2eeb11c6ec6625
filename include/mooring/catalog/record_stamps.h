// RecordStamps: for every key a number that changes when its record does.
//
// Owned by the Database. The writer says what it is about to change and what it has changed; any
// thread may look. A cache that keeps a stamp beside what it read needs nobody to tell it anything:
// its entry holds while the stamp is the same.
//
// Keys share stamps by their hash: a change makes others' entries go as well, which costs them a
// read and never an answer.
//
// I1  A stamp is odd from before a change can be seen in the database until after it can. What was
//     read under an odd stamp is not kept, and nothing that is kept is used under one: so a cache
//     never answers with less than what a read of the database beside it has shown already.
// I2  A stamp is even and another one before anybody is told of the change.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "mooring/catalog/family.h"

namespace mooring {

/// What stamps and caches know a record by, beside its key.
[[nodiscard]] std::uint64_t record_hash(Family family, std::string_view key) noexcept;

class RecordStamps {
 public:
  /// 32 bits: an entry would have to outlive two thousand million changes to be mistaken.
  using Stamp = std::uint32_t;

  RecordStamps();

  /// Any thread.
  [[nodiscard]] Stamp of(std::uint64_t hash) const noexcept {
    return stamps_[hash % kStamps].load(std::memory_order_acquire);
  }

  [[nodiscard]] static bool is_changing(Stamp stamp) noexcept { return stamp % 2 != 0; }

  /// By whoever writes the database, one thread at a time: before the change.
  void begin_change(std::uint64_t hash) noexcept;
  /// … and when it can be seen, or will not come.
  void end_change(std::uint64_t hash) noexcept;

 private:
  // 256 KiB: more would push other things out of the second-level cache. At 50,000 changed keys a
  // second a stamp holds for more than a second.
  static constexpr std::size_t kStamps = std::size_t{1} << 16;

  std::unique_ptr<std::atomic<Stamp>[]> stamps_;
};

}  // namespace mooring
