// IndexCache: what queries have read of the base of the index, decoded, up to a number of bytes.
//
// One per DocumentIndex, shared by all threads that query. What it holds is never changed, only let
// go: least recently used first when it is full, and at once when a new version of an
// organization's base says that it was replaced. A reader states the version it reads; one that
// reads an older version than the newest known here gets nothing and leaves nothing, so it never
// sees a mixture.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace mooring {

/// Anything that is cached.
struct CachedObject {
  virtual ~CachedObject() = default;
  [[nodiscard]] virtual std::size_t memory_bytes() const noexcept = 0;
  /// What stands for this object once the parts at `keys` (of the database) were replaced; nothing
  /// if it must be read anew.
  [[nodiscard]] virtual std::shared_ptr<const CachedObject> without(
      std::span<const std::string_view> keys) const {
    (void)keys;
    return nullptr;
  }
};

struct IndexCacheMetrics {
  std::uint64_t memory_bytes = 0;
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
};

class IndexCache {
 public:
  explicit IndexCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  IndexCache(const IndexCache&) = delete;
  IndexCache& operator=(const IndexCache&) = delete;

  /// The newest version of organization `number` that is known here; 0 at first.
  [[nodiscard]] std::uint64_t version(std::uint32_t number) const;

  /// The base of `number` went from `from` to `to`. `replaced` are pairs of the key under which an
  /// object is cached and the key of its part in the database. Without effect if `from` is not the
  /// version known here any more.
  struct Replaced {
    std::string cached;
    std::string stored;
  };
  void advance(std::uint32_t number, std::uint64_t from, std::uint64_t to,
               std::span<const Replaced> replaced);
  /// As advance, if what was replaced is not known any more: everything of `number` goes.
  void restart(std::uint32_t number, std::uint64_t to);

  [[nodiscard]] std::shared_ptr<const CachedObject> find(std::uint32_t number,
                                                         std::uint64_t version,
                                                         std::string_view key);
  void insert(std::uint32_t number, std::uint64_t version, std::string_view key,
              std::shared_ptr<const CachedObject> object);

  [[nodiscard]] IndexCacheMetrics metrics() const;

 private:
  struct Item {
    std::string key;
    std::uint32_t number = 0;
    std::size_t bytes = 0;
    std::shared_ptr<const CachedObject> object;
  };
  using Items = std::list<Item>;  // most recently used first
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };

  void put(std::uint32_t number, std::string_view key, std::shared_ptr<const CachedObject> object);
  void erase(Items::iterator item);

  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  Items items_;
  std::unordered_map<std::string, Items::iterator, TextHash, std::equal_to<>> by_key_;
  std::unordered_map<std::uint32_t, std::uint64_t> versions_;
  std::size_t bytes_ = 0;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

}  // namespace mooring
