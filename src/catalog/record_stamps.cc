#include "mooring/catalog/record_stamps.h"

#include <functional>

namespace mooring {

std::uint64_t record_hash(Family family, std::string_view key) noexcept {
  const std::uint64_t hash = std::hash<std::string_view>()(key);
  return hash + (index_of(family) + 1) * 0x9e3779b97f4a7c15u;
}

RecordStamps::RecordStamps() : stamps_(std::make_unique<std::atomic<Stamp>[]>(kStamps)) {}

// The order is that of the database's own: what is written behind this store can only be seen
// together with it (I1).
void RecordStamps::begin_change(std::uint64_t hash) noexcept {
  stamps_[hash % kStamps].fetch_or(1, std::memory_order_seq_cst);
}

// Two keys of one batch may share a stamp: then the second finds it even already.
void RecordStamps::end_change(std::uint64_t hash) noexcept {
  std::atomic<Stamp>& stamp = stamps_[hash % kStamps];
  const Stamp now = stamp.load(std::memory_order_relaxed);
  stamp.store(now + (is_changing(now) ? 1 : 2), std::memory_order_release);
}

}  // namespace mooring
