#include "scan_plan.h"

#include <compare>

#include "mooring/catalog/view.h"

namespace mooring {

ScanPlan::ScanPlan(const ScanRange& range, const rocksdb::ReadOptions& read)
    : options(read), range_(range), bound_(upper_bound_of(range.prefix)), bound_slice_(bound_) {
  const std::size_t prefix_bytes = kFamilyTable[index_of(range.family)].prefix_bytes;
  const bool forward = range.direction == Direction::forward;
  if (forward && prefix_bytes > 0 && range.prefix.size() >= prefix_bytes)
    options.prefix_same_as_start = true;
  else
    options.total_order_seek = true;
  if (forward && !bound_.empty()) options.iterate_upper_bound = &bound_slice_;
}

// Two ordered lists are merged: what the database has, and what changes it.
std::vector<Entry> ScanPlan::run(rocksdb::Iterator& iterator,
                                 std::span<const Overlay::Change> changes) const {
  std::vector<Entry> entries;
  const bool forward = range_.direction == Direction::forward;
  seek(iterator);
  while (entries.size() < range_.limit) {
    while (iterator.Valid() && is_before_range(iterator.key().ToStringView())) step(iterator);
    while (!changes.empty() && is_before_range((forward ? changes.front() : changes.back()).key))
      changes = forward ? changes.subspan(1) : changes.first(changes.size() - 1);
    const bool is_stored = iterator.Valid() && iterator.key().starts_with(slice(range_.prefix));
    if (!is_stored && changes.empty()) break;
    auto stored_first = std::strong_ordering::less;  // by its place in the scan
    if (!is_stored)
      stored_first = std::strong_ordering::greater;
    else if (!changes.empty())
      stored_first = forward ? iterator.key().ToStringView() <=> changes.front().key
                             : changes.back().key <=> iterator.key().ToStringView();
    if (stored_first < 0) {
      entries.push_back({iterator.key().ToString(), iterator.value().ToString()});
      step(iterator);
      continue;
    }
    const Overlay::Change& change = forward ? changes.front() : changes.back();
    if (change.value) entries.push_back({std::string(change.key), std::string(*change.value)});
    changes = forward ? changes.subspan(1) : changes.first(changes.size() - 1);
    if (stored_first == 0) step(iterator);
  }
  return entries;
}

void ScanPlan::seek(rocksdb::Iterator& iterator) const {
  const bool forward = range_.direction == Direction::forward;
  const std::string_view from = !range_.start.empty() ? range_.start
                                : forward             ? range_.prefix
                                                      : std::string_view(bound_);
  if (from.empty())
    forward ? iterator.SeekToFirst() : iterator.SeekToLast();
  else
    forward ? iterator.Seek(slice(from)) : iterator.SeekForPrev(slice(from));
}

void ScanPlan::step(rocksdb::Iterator& iterator) const {
  range_.direction == Direction::forward ? iterator.Next() : iterator.Prev();
}

/// Whether `key` comes before the first of the range, in the direction of the scan.
bool ScanPlan::is_before_range(std::string_view key) const {
  const bool forward = range_.direction == Direction::forward;
  if (range_.start.empty()) return !forward && !bound_.empty() && key >= bound_;
  if (key == range_.start) return range_.start_key == StartKey::excluded;
  return forward ? key < range_.start : key > range_.start;
}

}  // namespace mooring
