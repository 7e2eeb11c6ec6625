// IndexCache: what queries have read of the base of the index, decoded, up to a number of bytes.
//
// One per DocumentIndex, shared by all threads that query. What it holds is never changed, only let
// go: when it is full, what was not used for longest, by second chance, and at once when a new
// version of an organization's base says that it was replaced. A reader states the version it
// reads; one that reads an older version than the newest known here gets nothing and leaves
// nothing, so it never sees a mixture.
//
// What was made of many pages asks when one of them was replaced last, by groups of pages: such an
// object is not let go, its parts are judged by whoever finds it.
//
// Pages of columns are found by their number, in a row: a search that is verified on thousands of
// them in ascending order reads slots that lie side by side, and touches nothing else of the cache.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

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
  /// Pages of columns in a group: those of a chunk of ordinals.
  static constexpr std::uint32_t kGroupPages = 256;

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
    std::optional<std::uint32_t> page = {};  ///< of columns; then without keys
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

  [[nodiscard]] std::shared_ptr<const CachedObject> find_page(std::uint32_t number,
                                                              std::uint64_t version,
                                                              std::uint32_t page);
  void insert_page(std::uint32_t number, std::uint64_t version, std::uint32_t page,
                   std::shared_ptr<const CachedObject> object);

  /// The version that last replaced a page of columns of `group`, as far as is known here: of what
  /// was inserted since, it is. Nothing for a version that is not the newest.
  [[nodiscard]] std::optional<std::uint64_t> replaced_at(std::uint32_t number,
                                                         std::uint64_t version,
                                                         std::uint32_t group) const;

  [[nodiscard]] IndexCacheMetrics metrics() const;

 private:
  struct Item {
    std::string key;  // of what is not a page
    std::uint32_t number = 0;
    std::optional<std::uint32_t> page;
    std::size_t bytes = 0;
    bool is_used = false;  // since it was last looked at; of a page its slot knows
    std::shared_ptr<const CachedObject> object;
  };
  using Items = std::list<Item>;  // from the back on they are let go
  struct PageSlot {
    std::shared_ptr<const CachedObject> object;  // null: not here
    bool is_used = false;
    Items::iterator item;
  };
  struct Organization {
    std::uint64_t version = 0;
    std::vector<PageSlot> pages;             // by number
    std::vector<std::uint64_t> replaced_at;  // a version, by group of pages
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };

  void put(std::uint32_t number, std::string_view key, std::shared_ptr<const CachedObject> object);
  void erase(Items::iterator item);
  void erase_page(Organization& organization, std::uint32_t page);
  static void note_replaced(Organization& organization, std::uint32_t page);
  /// False: so much is never there.
  [[nodiscard]] bool make_room(std::size_t bytes);
  [[nodiscard]] bool take_used_mark(Item& item);

  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  Items items_;
  std::unordered_map<std::string, Items::iterator, TextHash, std::equal_to<>> by_key_;
  std::unordered_map<std::uint32_t, Organization> organizations_;
  std::size_t bytes_ = 0;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

}  // namespace mooring
