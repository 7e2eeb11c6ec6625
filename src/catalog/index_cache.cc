#include "index_cache.h"

#include <utility>
#include <vector>

namespace mooring {
namespace {

/// What an item costs besides its object: list and table nodes, two keys.
constexpr std::size_t kItemBytes = 192;

}  // namespace

std::uint64_t IndexCache::version(std::uint32_t number) const {
  const std::scoped_lock lock(mutex_);
  const auto found = versions_.find(number);
  return found == versions_.end() ? 0 : found->second;
}

void IndexCache::advance(std::uint32_t number, std::uint64_t from, std::uint64_t to,
                         std::span<const Replaced> replaced) {
  std::unordered_map<std::string_view, std::vector<std::string_view>> parts;
  for (const Replaced& part : replaced) parts[part.cached].push_back(part.stored);
  const std::scoped_lock lock(mutex_);
  std::uint64_t& version = versions_[number];
  if (version != from) return;
  version = to;
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
  if (versions_[number] >= to) return;
  versions_[number] = to;
  for (auto item = items_.begin(); item != items_.end();) {
    const auto next = std::next(item);
    if (item->number == number) erase(item);
    item = next;
  }
}

std::shared_ptr<const CachedObject> IndexCache::find(std::uint32_t number, std::uint64_t version,
                                                     std::string_view key) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end() || versions_[number] != version) {
    ++misses_;
    return nullptr;
  }
  ++hits_;
  items_.splice(items_.begin(), items_, found->second);
  return found->second->object;
}

void IndexCache::insert(std::uint32_t number, std::uint64_t version, std::string_view key,
                        std::shared_ptr<const CachedObject> object) {
  const std::scoped_lock lock(mutex_);
  if (versions_[number] == version) put(number, key, std::move(object));
}

IndexCacheMetrics IndexCache::metrics() const {
  const std::scoped_lock lock(mutex_);
  return {.memory_bytes = bytes_, .hits = hits_, .misses = misses_};
}

void IndexCache::put(std::uint32_t number, std::string_view key,
                     std::shared_ptr<const CachedObject> object) {
  if (const auto known = by_key_.find(key); known != by_key_.end()) erase(known->second);
  const std::size_t bytes = object->memory_bytes() + kItemBytes + 2 * key.size();
  if (bytes > bytes_max_) return;
  while (bytes_ + bytes > bytes_max_) erase(std::prev(items_.end()));
  items_.push_front({std::string(key), number, bytes, std::move(object)});
  by_key_.emplace(key, items_.begin());
  bytes_ += bytes;
}

void IndexCache::erase(Items::iterator item) {
  bytes_ -= item->bytes;
  by_key_.erase(item->key);
  items_.erase(item);
}

}  // namespace mooring
