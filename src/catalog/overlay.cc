#include "mooring/catalog/overlay.h"

#include <algorithm>
#include <functional>

namespace mooring {
namespace {

constexpr std::size_t kSlotsMin = 1024;
// What an extraordinary batch took is given back: more slots would be cleared after every batch.
constexpr std::size_t kSlotsKept = 64 * 1024;
constexpr std::size_t kRememberedBytesMax = std::size_t{4} << 10;
constexpr std::size_t kBytesKept = std::size_t{8} << 20;

std::uint32_t hash_of(Family family, std::string_view key) noexcept {
  const std::size_t hash = std::hash<std::string_view>()(key);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32)) +
         static_cast<std::uint32_t>(index_of(family)) * 0x9e3779b9u;
}

}  // namespace

std::string_view Overlay::key_of(const Entry& entry) const noexcept {
  return std::string_view(bytes_).substr(entry.key_offset, entry.key_bytes);
}

Overlay::Seen Overlay::value_of(const Entry& entry) const noexcept {
  if (!entry.has_value) return std::nullopt;
  return std::string_view(bytes_).substr(entry.key_offset + entry.key_bytes, entry.value_bytes);
}

/// The slot of the key, or the empty one where it would go.
std::size_t Overlay::slot_of(Family family, std::string_view key,
                             std::uint32_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const Entry& entry = entries_[slots_[slot] - 1];
    if (entry.hash == hash && entry.family == family && key_of(entry) == key) break;
  }
  return slot;
}

std::optional<Overlay::Seen> Overlay::find(Family family, std::string_view key) const {
  if (slots_.empty()) return std::nullopt;
  const std::uint32_t index = slots_[slot_of(family, key, hash_of(family, key))];
  if (index == 0) return std::nullopt;
  return value_of(entries_[index - 1]);
}

void Overlay::put(Family family, std::string_view key, std::string_view value) {
  add(Kind::put, family, key, value);
}

void Overlay::erase(Family family, std::string_view key) {
  add(Kind::erase, family, key, std::nullopt);
}

void Overlay::remember(Family family, std::string_view key, Seen value) {
  if (!value || value->size() <= kRememberedBytesMax) add(Kind::read, family, key, value);
}

void Overlay::add(Kind kind, Family family, std::string_view key, Seen value) {
  if (2 * (entries_.size() + 1) > slots_.size()) grow();
  const std::string_view text = value.value_or(std::string_view());
  entries_.push_back({.hash = hash_of(family, key),
                      .key_offset = static_cast<std::uint32_t>(bytes_.size()),
                      .key_bytes = static_cast<std::uint32_t>(key.size()),
                      .value_bytes = static_cast<std::uint32_t>(text.size()),
                      .older = 0,
                      .before = newest_[index_of(family)],
                      .family = family,
                      .kind = kind,
                      .has_value = value.has_value(),
                      .hidden = false});
  bytes_.append(key).append(text);
  const auto index = static_cast<std::uint32_t>(entries_.size());
  newest_[index_of(family)] = index;
  if (kind != Kind::read) {
    changes_ += 1;
    changed_bytes_ += key.size() + text.size();
  }
  link(index);
}

/// Makes the entry the newest of its key. Keys get their slots in the order of their first entries,
/// here and in `grow`, so that emptying the last one never cuts off another (I1).
void Overlay::link(std::uint32_t index) noexcept {
  Entry& entry = entries_[index - 1];
  std::uint32_t& slot = slots_[slot_of(entry.family, key_of(entry), entry.hash)];
  entry.older = slot;
  if (slot != 0) entries_[slot - 1].hidden = true;
  slot = index;
}

void Overlay::grow() {
  slots_.assign(std::max(kSlotsMin, 2 * slots_.size()), 0);
  for (std::uint32_t index = 1; index <= entries_.size(); ++index) link(index);
}

void Overlay::roll_back(std::size_t place) noexcept {
  while (entries_.size() > place) {
    const Entry entry = entries_.back();
    slots_[slot_of(entry.family, key_of(entry), entry.hash)] = entry.older;
    if (entry.older != 0) entries_[entry.older - 1].hidden = false;
    newest_[index_of(entry.family)] = entry.before;
    if (entry.kind != Kind::read) {
      changes_ -= 1;
      changed_bytes_ -= entry.key_bytes + entry.value_bytes;
    }
    bytes_.resize(entry.key_offset);
    entries_.pop_back();
  }
}

void Overlay::clear() noexcept {
  entries_.clear();
  bytes_.clear();
  if (bytes_.capacity() > kBytesKept) bytes_.shrink_to_fit();
  if (slots_.size() > kSlotsKept)
    slots_ = {};
  else
    std::ranges::fill(slots_, 0u);
  newest_ = {};
  changes_ = 0;
  changed_bytes_ = 0;
}

std::vector<Overlay::Change> Overlay::changes_of(Family family, std::string_view prefix) const {
  std::vector<Change> found;
  for (std::uint32_t index = newest_[index_of(family)]; index != 0;) {
    const Entry& entry = entries_[index - 1];
    index = entry.before;
    if (entry.hidden || entry.kind == Kind::read || !key_of(entry).starts_with(prefix)) continue;
    found.push_back({key_of(entry), value_of(entry)});
  }
  std::ranges::sort(found, {}, &Change::key);
  return found;
}

}  // namespace mooring
