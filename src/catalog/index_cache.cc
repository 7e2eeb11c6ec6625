#include "index_cache.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

namespace mooring {
namespace {

/// What an item costs besides its object: list and table nodes or slots, two keys.
constexpr std::size_t kItemBytes = 224;
/// What a replaced part costs besides its two keys.
constexpr std::size_t kReplacedBytes = 128;
/// Versions whose replaced parts are kept, and which share of the cache one of them may have: what
/// is beyond is settled by whoever tells of it.
constexpr std::size_t kUnsettledMax = 8;
constexpr std::size_t kUnsettledShare = 8;
/// Parts between two pauses of settle: some tens of microseconds with the lock.
constexpr std::size_t kSettleSteps = 64;
constexpr std::chrono::microseconds kSettlePause{50};

}  // namespace

std::size_t ReplacedParts::memory_bytes() const noexcept {
  std::size_t bytes = pages.capacity() * sizeof(std::uint32_t);
  for (const auto& [cached, stored] : keys) {
    bytes += kReplacedBytes + cached.size();
    for (const std::string& key : stored) bytes += sizeof(std::string) + key.size();
  }
  return bytes;
}

std::uint64_t IndexCache::version(std::uint32_t number) const {
  const std::scoped_lock lock(mutex_);
  const auto found = organizations_.find(number);
  return found == organizations_.end() ? 0 : found->second.version;
}

void IndexCache::advance(std::uint32_t number, std::uint64_t from, std::uint64_t to,
                         std::shared_ptr<const ReplacedParts> replaced) {
  const std::size_t bytes = replaced->memory_bytes();
  const std::scoped_lock lock(mutex_);
  if (organizations_[number].version == from) begin_version(number, to, std::move(replaced), bytes);
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
  while (!organization.unsettled.empty()) drop_oldest_unsettled(number);
  bytes_ -= organization.pages.size() * sizeof(PageSlot);
  organization.pages = {};
  organization.replaced_at = {};
}

void IndexCache::announce(std::uint32_t number, Fold fold) {
  const std::size_t bytes = fold.replaced->memory_bytes();
  const std::scoped_lock lock(mutex_);
  organizations_[number].announced = {std::move(fold), bytes};
}

void IndexCache::forget_announced(std::uint32_t number) {
  const std::scoped_lock lock(mutex_);
  organizations_[number].announced.reset();
}

bool IndexCache::advance_to_announced(std::uint32_t number, std::uint64_t version,
                                      std::uint64_t folded_sequence) {
  const std::scoped_lock lock(mutex_);
  Organization& organization = organizations_[number];
  if (organization.version >= version) return true;
  if (!organization.announced) return false;
  const auto& [fold, bytes] = *organization.announced;
  if (fold.from != organization.version || fold.from + 1 != version ||
      fold.folded_sequence != folded_sequence)
    return false;
  begin_version(number, version, fold.replaced, bytes);
  return true;
}

void IndexCache::settle() {
  while (true) {
    Objects gone;
    std::shared_ptr<const ReplacedParts> settled;
    {
      const std::scoped_lock lock(mutex_);
      if (unsettled_.empty()) return;
      const std::uint32_t number = *unsettled_.begin();
      if (!settle_some(organizations_[number], gone)) settled = drop_oldest_unsettled(number);
    }
    gone.clear();
    settled.reset();
    std::this_thread::sleep_for(kSettlePause);
  }
}

std::shared_ptr<const CachedObject> IndexCache::find(std::uint32_t number, std::uint64_t version,
                                                     std::string_view key) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end() || organizations_[number].version != version) {
    ++misses_;
    return nullptr;
  }
  found->second->is_used = true;
  auto object = current(found->second);
  ++(object ? hits_ : misses_);
  return object;
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
  organization.pages[page].is_used = true;
  auto object = current_page(organization, page);
  ++(object ? hits_ : misses_);
  return object;
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
  organization.pages[page] = {std::move(object), version, false, items_.begin()};
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

void IndexCache::begin_version(std::uint32_t number, std::uint64_t version,
                               std::shared_ptr<const ReplacedParts> replaced, std::size_t bytes) {
  Organization& organization = organizations_[number];
  organization.version = version;
  for (const std::uint32_t page : replaced->pages) note_replaced(organization, page);
  const bool is_small = bytes <= bytes_max_ / kUnsettledShare && make_room(bytes);
  const auto first_key = replaced->keys.begin();
  organization.unsettled.push_back({.version = version,
                                    .replaced = std::move(replaced),
                                    .bytes = bytes,
                                    .next_key = first_key,
                                    .next_page = 0});
  bytes_ += bytes;
  unsettled_.insert(number);
  const std::size_t kept_max = is_small ? kUnsettledMax : 0;
  while (organization.unsettled.size() > kept_max) {
    Objects gone;
    if (!settle_some(organization, gone)) drop_oldest_unsettled(number);
  }
}

bool IndexCache::settle_some(Organization& organization, Objects& gone) {
  Unsettled& oldest = organization.unsettled.front();
  const ReplacedParts& replaced = *oldest.replaced;
  std::size_t steps = kSettleSteps;
  for (; steps > 0 && oldest.next_page < replaced.pages.size(); --steps) {
    const std::uint32_t page = replaced.pages[oldest.next_page++];
    if (page >= organization.pages.size() || !organization.pages[page].object) continue;
    gone.push_back(organization.pages[page].object);
    (void)current_page(organization, page);
  }
  for (; steps > 0 && oldest.next_key != replaced.keys.end(); --steps) {
    const auto found = by_key_.find((oldest.next_key++)->first);
    if (found == by_key_.end()) continue;
    gone.push_back(found->second->object);
    (void)current(found->second);
  }
  return steps == 0;
}

std::shared_ptr<const ReplacedParts> IndexCache::drop_oldest_unsettled(std::uint32_t number) {
  std::deque<Unsettled>& unsettled = organizations_[number].unsettled;
  bytes_ -= unsettled.front().bytes;
  auto replaced = std::move(unsettled.front().replaced);
  unsettled.pop_front();
  if (unsettled.empty()) unsettled_.erase(number);
  return replaced;
}

std::shared_ptr<const CachedObject> IndexCache::current(Items::iterator item) {
  const std::uint32_t number = item->number;
  const Organization& organization = organizations_[number];
  std::shared_ptr<const CachedObject> object = item->object;
  for (const Unsettled& since : organization.unsettled) {
    if (since.version <= item->version) continue;
    const auto replaced = since.replaced->keys.find(item->key);
    if (replaced != since.replaced->keys.end()) object = object->without(replaced->second);
    if (!object) break;
  }
  if (object == item->object) {
    item->version = organization.version;
    return object;
  }
  const std::string key = item->key;
  erase(item);
  if (object) put(number, key, object);
  return object;
}

std::shared_ptr<const CachedObject> IndexCache::current_page(Organization& organization,
                                                             std::uint32_t page) {
  PageSlot& slot = organization.pages[page];
  for (const Unsettled& since : organization.unsettled) {
    if (since.version <= slot.version || !std::ranges::binary_search(since.replaced->pages, page))
      continue;
    erase_page(organization, page);
    return nullptr;
  }
  slot.version = organization.version;
  return slot.object;
}

void IndexCache::put(std::uint32_t number, std::string_view key,
                     std::shared_ptr<const CachedObject> object) {
  if (const auto known = by_key_.find(key); known != by_key_.end()) erase(known->second);
  const std::size_t bytes = object->memory_bytes() + kItemBytes + 2 * key.size();
  if (!make_room(bytes)) return;
  items_.push_front({.key = std::string(key),
                     .number = number,
                     .page = std::nullopt,
                     .version = organizations_[number].version,
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
