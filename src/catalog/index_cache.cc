#include "index_cache.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace mooring {
namespace {

/// What an item costs besides its object: list and table nodes or slots, two keys.
constexpr std::size_t kItemBytes = 224;

}  // namespace

std::uint64_t IndexCache::version(std::uint32_t number) const {
  const std::scoped_lock lock(mutex_);
  const auto found = organizations_.find(number);
  return found == organizations_.end() ? 0 : found->second.version;
}

void IndexCache::advance(std::uint32_t number, std::uint64_t from, std::uint64_t to,
                         std::span<const Replaced> replaced) {
  std::unordered_map<std::string_view, std::vector<std::string_view>> parts;
  for (const Replaced& part : replaced)
    if (!part.page) parts[part.cached].push_back(part.stored);
  const std::scoped_lock lock(mutex_);
  Organization& organization = organizations_[number];
  if (organization.version != from) return;
  organization.version = to;
  for (const Replaced& part : replaced)
    if (part.page) {
      erase_page(organization, *part.page);
      note_replaced(organization, *part.page);
    }
  for (const auto& [key, stored] : parts) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) continue;
    auto object = found->second->object->without(stored);
    erase(found->second);
    if (object) put(number, key, std::move(object));
  }
}

void IndexCache::restart(std::uint32_t number, std::uint64_t to) {
  const std::scoped_lock lock(mutex_);
  Organization& organization = organizations_[number];
  if (organization.version >= to) return;
  organization.version = to;
  for (auto item = items_.begin(); item != items_.end();) {
    const auto next = std::next(item);
    if (item->number == number) erase(item);
    item = next;
  }
  bytes_ -= organization.pages.size() * sizeof(PageSlot);
  organization.pages = {};
  organization.replaced_at = {};
}

std::shared_ptr<const CachedObject> IndexCache::find(std::uint32_t number, std::uint64_t version,
                                                     std::string_view key) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end() || organizations_[number].version != version) {
    ++misses_;
    return nullptr;
  }
  ++hits_;
  found->second->is_used = true;
  return found->second->object;
}

void IndexCache::insert(std::uint32_t number, std::uint64_t version, std::string_view key,
                        std::shared_ptr<const CachedObject> object) {
  const std::scoped_lock lock(mutex_);
  if (organizations_[number].version == version) put(number, key, std::move(object));
}

std::shared_ptr<const CachedObject> IndexCache::find_page(std::uint32_t number,
                                                          std::uint64_t version,
                                                          std::uint32_t page) {
  const std::scoped_lock lock(mutex_);
  Organization& organization = organizations_[number];
  if (organization.version != version || page >= organization.pages.size() ||
      !organization.pages[page].object) {
    ++misses_;
    return nullptr;
  }
  ++hits_;
  organization.pages[page].is_used = true;
  return organization.pages[page].object;
}

void IndexCache::insert_page(std::uint32_t number, std::uint64_t version, std::uint32_t page,
                             std::shared_ptr<const CachedObject> object) {
  const std::scoped_lock lock(mutex_);
  Organization& organization = organizations_[number];
  if (organization.version != version) return;
  erase_page(organization, page);
  const std::size_t bytes = object->memory_bytes() + kItemBytes;
  const std::size_t slots = std::max(organization.pages.size(), std::size_t{page} + 1);
  const std::size_t slot_bytes = (slots - organization.pages.size()) * sizeof(PageSlot);
  if (!make_room(bytes + slot_bytes)) return;
  organization.pages.resize(slots);
  bytes_ += slot_bytes;
  items_.push_front({.key = {}, .number = number, .page = page, .bytes = bytes, .object = {}});
  organization.pages[page] = {std::move(object), false, items_.begin()};
  bytes_ += bytes;
}

std::optional<std::uint64_t> IndexCache::replaced_at(std::uint32_t number, std::uint64_t version,
                                                     std::uint32_t group) const {
  const std::scoped_lock lock(mutex_);
  const auto found = organizations_.find(number);
  if (found == organizations_.end() || found->second.version != version) return {};
  const std::vector<std::uint64_t>& replaced = found->second.replaced_at;
  return group < replaced.size() ? replaced[group] : 0;
}

IndexCacheMetrics IndexCache::metrics() const {
  const std::scoped_lock lock(mutex_);
  return {.memory_bytes = bytes_, .hits = hits_, .misses = misses_};
}

void IndexCache::put(std::uint32_t number, std::string_view key,
                     std::shared_ptr<const CachedObject> object) {
  if (const auto known = by_key_.find(key); known != by_key_.end()) erase(known->second);
  const std::size_t bytes = object->memory_bytes() + kItemBytes + 2 * key.size();
  if (!make_room(bytes)) return;
  items_.push_front({.key = std::string(key),
                     .number = number,
                     .page = std::nullopt,
                     .bytes = bytes,
                     .object = std::move(object)});
  by_key_.emplace(key, items_.begin());
  bytes_ += bytes;
}

/// A number that is out of bounds comes from damage: no group is that high.
void IndexCache::note_replaced(Organization& organization, std::uint32_t page) {
  constexpr std::size_t kGroupsMax = 65'536;
  const std::size_t group = page / kGroupPages;
  if (group >= kGroupsMax) return;
  if (organization.replaced_at.size() <= group) organization.replaced_at.resize(group + 1);
  organization.replaced_at[group] = organization.version;
}

/// What was used since it was last at the back goes to the front again, once.
bool IndexCache::make_room(std::size_t bytes) {
  if (bytes > bytes_max_) return false;
  while (bytes_ + bytes > bytes_max_) {
    if (items_.empty()) return false;  // the rest is slots of pages
    const auto last = std::prev(items_.end());
    if (take_used_mark(*last))
      items_.splice(items_.begin(), items_, last);
    else
      erase(last);
  }
  return true;
}

bool IndexCache::take_used_mark(Item& item) {
  bool& is_used = item.page ? organizations_[item.number].pages[*item.page].is_used : item.is_used;
  return std::exchange(is_used, false);
}

void IndexCache::erase(Items::iterator item) {
  if (item->page) return erase_page(organizations_[item->number], *item->page);
  bytes_ -= item->bytes;
  by_key_.erase(item->key);
  items_.erase(item);
}

void IndexCache::erase_page(Organization& organization, std::uint32_t page) {
  if (page >= organization.pages.size() || !organization.pages[page].object) return;
  PageSlot& slot = organization.pages[page];
  bytes_ -= slot.item->bytes;
  items_.erase(slot.item);
  slot = {};
}

}  // namespace mooring
