// IndexCache: what queries have read of the base of the index, decoded, up to a number of bytes.
//
// One per DocumentIndex, shared by all threads that query. What it holds is never changed, only let
// go: when it is full, what was not used for longest, by second chance, and when a new version of
// an organization's base says that it was replaced. A reader states the version it reads; one that
// reads an older version than the newest known here gets nothing and leaves nothing, so it never
// sees a mixture.
//
// A new version comes at once, however much it replaced: what that was is kept beside the items,
// and asked by whoever finds an item that is older. `settle`, in the background, goes through it
// bit by bit, so that it is not kept for long. What a fold will replace is left here before it is
// installed; so no query has to read the log of it.
//
// What was made of many pages asks when one of them was replaced last, by groups of pages: such an
// object is not let go, its parts are judged by whoever finds it.
//
// Pages of columns are found by their number, in a row: a search that is verified on thousands of
// them in ascending order reads slots that lie side by side, and touches nothing else of the cache.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
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
      std::span<const std::string> keys) const {
    (void)keys;
    return nullptr;
  }
};

/// So that texts are found by views of them.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>()(text);
  }
};

/// What a version of a base replaced.
struct ReplacedParts {
  /// The keys of the parts in the database, by the key under which the whole is cached.
  std::unordered_map<std::string, std::vector<std::string>, TextHash, std::equal_to<>> keys;
  std::vector<std::uint32_t> pages;  ///< of columns, ascending

  [[nodiscard]] std::size_t memory_bytes() const noexcept;
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

  /// The base of `number` went from `from` to `to`. Without effect if `from` is not the version
  /// known here any more.
  void advance(std::uint32_t number, std::uint64_t from, std::uint64_t to,
               std::shared_ptr<const ReplacedParts> replaced);
  /// As advance, if what was replaced is not known any more: everything of `number` goes.
  void restart(std::uint32_t number, std::uint64_t to);

  /// A fold up to the change `folded_sequence` that is about to be installed as the version after
  /// `from`. One per organization.
  struct Fold {
    std::uint64_t from = 0;
    std::uint64_t folded_sequence = 0;
    std::shared_ptr<const ReplacedParts> replaced;
  };
  void announce(std::uint32_t number, Fold fold);
  /// It was not installed, or the cache knows of it.
  void forget_announced(std::uint32_t number);
  /// Advances to `version`, up to whose base changes until `folded_sequence` are folded, if that is
  /// the fold that was announced. True: the cache is at `version`, or beyond.
  [[nodiscard]] bool advance_to_announced(std::uint32_t number, std::uint64_t version,
                                          std::uint64_t folded_sequence);

  /// Lets go all that was replaced. Takes long; leaves the cache to others again and again.
  void settle();

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
    std::uint64_t version = 0;  // for which it is known to hold; of a page its slot knows
    std::size_t bytes = 0;
    bool is_used = false;  // since it was last looked at; of a page its slot knows
    std::shared_ptr<const CachedObject> object;
  };
  using Items = std::list<Item>;  // from the back on they are let go
  struct PageSlot {
    std::shared_ptr<const CachedObject> object;  // null: not here
    std::uint64_t version = 0;                   // for which it is known to hold
    bool is_used = false;
    Items::iterator item;
  };
  struct Announced {
    Fold fold;
    std::size_t bytes = 0;  // of what it replaces
  };
  struct Unsettled {
    std::uint64_t version = 0;
    std::shared_ptr<const ReplacedParts> replaced;
    std::size_t bytes = 0;
    decltype(ReplacedParts::keys)::const_iterator next_key;  // before it all is settled
    std::size_t next_page = 0;
  };
  struct Organization {
    std::uint64_t version = 0;
    std::deque<Unsettled> unsettled;  // ascending versions
    std::optional<Announced> announced;
    std::vector<PageSlot> pages;             // by number
    std::vector<std::uint64_t> replaced_at;  // a version, by group of pages
  };
  using Objects = std::vector<std::shared_ptr<const CachedObject>>;

  void begin_version(std::uint32_t number, std::uint64_t version,
                     std::shared_ptr<const ReplacedParts> replaced, std::size_t bytes);
  /// A page or an item as it holds for the newest version; null: not any more, and it is gone.
  [[nodiscard]] std::shared_ptr<const CachedObject> current(Items::iterator item);
  [[nodiscard]] std::shared_ptr<const CachedObject> current_page(Organization& organization,
                                                                 std::uint32_t page);
  /// Some steps of the oldest version that is unsettled; what went is moved to `gone`, to be freed
  /// without the lock. False: it is settled.
  [[nodiscard]] bool settle_some(Organization& organization, Objects& gone);
  /// What it was, to be freed without the lock.
  std::shared_ptr<const ReplacedParts> drop_oldest_unsettled(std::uint32_t number);
  void put(std::uint32_t number, std::string_view key, std::shared_ptr<const CachedObject> object);
  void erase(Items::iterator item);
  void erase_page(Organization& organization, std::uint32_t page);
  static void note_replaced(Organization& organization, std::uint32_t page);
  /// False: so much is never there.
  [[nodiscard]] bool make_room(std::size_t bytes);
  [[nodiscard]] bool take_used_mark(Item& item);

  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::set<std::uint32_t> unsettled_;  // organizations
  Items items_;
  std::unordered_map<std::string, Items::iterator, TextHash, std::equal_to<>> by_key_;
  std::unordered_map<std::uint32_t, Organization> organizations_;
  std::size_t bytes_ = 0;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

}  // namespace mooring
