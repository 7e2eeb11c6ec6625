#include "mooring/catalog/record_cache.h"

#include <algorithm>
#include <cstring>

namespace mooring {

RecordCache::RecordCache(std::size_t bytes) {
  const std::size_t groups = bytes / (kGroup * (sizeof(Place) + sizeof(Text)));
  if (groups == 0) return;
  places_.resize(groups * kGroup);
  texts_ = std::make_unique_for_overwrite<Text[]>(places_.size());
}

std::size_t RecordCache::first_of_group(std::uint64_t hash) const noexcept {
  // The low bits chose the stamp; records that share one need not share a group as well.
  return (hash >> 24) % (places_.size() / kGroup) * kGroup;
}

bool RecordCache::holds(std::size_t place, const RecordPrint& print) const noexcept {
  const Place& here = places_[place];
  return here.hash == print.hash && here.family == print.family &&
         std::string_view(texts_[place].data(), here.key_bytes) == print.key;
}

std::optional<std::string_view> RecordCache::find(const RecordPrint& print) noexcept {
  if (places_.empty() || RecordStamps::is_changing(print.stamp)) return std::nullopt;
  const std::size_t first = first_of_group(print.hash);
  for (std::size_t place = first; place < first + kGroup; ++place) {
    Place& here = places_[place];
    if (here.key_bytes == 0 || !holds(place, print)) continue;
    if (here.stamp != print.stamp) return std::nullopt;
    here.was_asked_for = true;
    return std::string_view(texts_[place].data() + here.key_bytes, here.value_bytes);
  }
  return std::nullopt;
}

void RecordCache::keep(const RecordPrint& print, std::string_view value) noexcept {
  const bool fits = !print.key.empty() && print.key.size() + value.size() <= kRecordBytesMax;
  if (places_.empty() || !fits || RecordStamps::is_changing(print.stamp)) return;
  const std::size_t place = place_for(print);
  places_[place] = {.hash = print.hash,
                    .stamp = print.stamp,
                    .key_bytes = static_cast<std::uint16_t>(print.key.size()),
                    .value_bytes = static_cast<std::uint16_t>(value.size()),
                    .family = print.family};
  char* const text = texts_[place].data();
  std::memcpy(text, print.key.data(), print.key.size());
  std::memcpy(text + print.key.size(), value.data(), value.size());
}

// The record's own place, one that is nobody's, or that of one which was not asked for lately.
std::size_t RecordCache::place_for(const RecordPrint& print) noexcept {
  const std::size_t first = first_of_group(print.hash);
  std::size_t chosen = first + kGroup;
  for (std::size_t place = first; place < first + kGroup; ++place) {
    if (places_[place].key_bytes == 0) return place;
    if (holds(place, print)) return place;
    if (!places_[place].was_asked_for) chosen = std::min(chosen, place);
  }
  if (chosen < first + kGroup) return chosen;
  for (std::size_t place = first; place < first + kGroup; ++place)
    places_[place].was_asked_for = false;
  return first + print.hash % kGroup;
}

}  // namespace mooring
