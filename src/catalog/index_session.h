// IndexSession: one moment of the base of one organization's index, for one query or one fold.
//
// Used on one thread. Reads through a view of that moment (a snapshot) and keeps what it decodes in
// the cache, for the next one. A failed read is sticky: what could not be read looks empty, and
// `status` tells; so comparisons and walks need no error paths, and no answer is given without
// asking.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "document_state.h"
#include "index_cache.h"
#include "index_columns.h"
#include "index_container.h"
#include "index_order.h"
#include "index_terms.h"
#include "mooring/catalog/view.h"

namespace mooring {

/// The documents of one term, chunk by chunk, ascending.
struct Posting final : CachedObject {
  struct Part {
    std::uint32_t chunk = 0;
    std::shared_ptr<const Container> set;  ///< null: replaced in the database, to be read again
  };
  std::vector<Part> parts;

  [[nodiscard]] std::size_t size() const noexcept;
  /// The set of `chunk`; null if the term has none there.
  [[nodiscard]] const Container* find(std::uint32_t chunk) const noexcept;
  [[nodiscard]] std::size_t memory_bytes() const noexcept override;
  [[nodiscard]] std::shared_ptr<const CachedObject> without(
      std::span<const std::string> keys) const override;
};

class IndexSession {
 public:
  /// `view` shows one moment, at which the organization's state was `state`. View and cache outlive
  /// the session.
  IndexSession(const View& view, IndexCache& cache, const IndexState& state);

  [[nodiscard]] const IndexState& state() const noexcept { return state_; }
  [[nodiscard]] const View& view() const noexcept { return view_; }
  [[nodiscard]] Status status() const;
  /// Remembers the first failure.
  void note(const Error& error);

  [[nodiscard]] std::shared_ptr<const Posting> posting(const Term& term);
  [[nodiscard]] std::shared_ptr<const ColumnPage> page(std::uint32_t page);
  [[nodiscard]] std::shared_ptr<const OrderDirectory> directory(OrderKind kind);
  [[nodiscard]] std::shared_ptr<const OrderBlock> block(OrderKind kind, std::uint32_t block);
  /// The ordinal at a position of an order; `position` is below the directory's size.
  [[nodiscard]] std::uint32_t ordinal_at(OrderKind kind, std::uint32_t position);

  [[nodiscard]] IndexCache& cache() noexcept { return cache_; }

 private:
  static constexpr std::size_t kMemoSlots = 256;
  struct CachedPage;

  /// Brings the cache to this session's version by the log of what was replaced.
  void catch_up();
  [[nodiscard]] Result<bool> replay(std::uint64_t from);
  template <typename Object, typename Load>
  std::shared_ptr<const Object> cached(const std::string& key, Load load);
  [[nodiscard]] std::shared_ptr<const CachedPage> load_page(std::uint32_t page);
  [[nodiscard]] Result<Posting> load_posting(const std::string& prefix);
  [[nodiscard]] std::shared_ptr<const Posting> complete(std::shared_ptr<const Posting> posting,
                                                        const std::string& cached_key,
                                                        const std::string& prefix);

  template <typename Object>
  using Memo = std::array<std::pair<std::uint32_t, std::shared_ptr<const Object>>, kMemoSlots>;

  const View& view_;
  IndexCache& cache_;
  const IndexState state_;
  std::optional<Error> error_;
  Memo<ColumnPage> pages_;
  std::array<std::shared_ptr<const OrderDirectory>, kOrderKinds> directories_;
  std::array<Memo<OrderBlock>, kOrderKinds> blocks_;
};

/// What the base replaced when it became a version: the keys, so that caches can let them go.
///   Family::document_log   organization number 4 | version 8 -> ReplacedKeys
enum class IndexPart : std::uint8_t { term = 1, column = 2, order = 3 };
struct ReplacedKey {
  IndexPart part = IndexPart::term;
  std::string key;  ///< in its family
  friend bool operator==(const ReplacedKey&, const ReplacedKey&) = default;
};
[[nodiscard]] std::string encode(const std::vector<ReplacedKey>& keys);
[[nodiscard]] Result<std::vector<ReplacedKey>> decode_replaced_keys(std::string_view bytes);
/// As the cache takes them.
[[nodiscard]] std::shared_ptr<const ReplacedParts> replaced_parts(
    std::span<const ReplacedKey> keys);
[[nodiscard]] std::string log_key(std::uint32_t number, std::uint64_t version);
/// Versions whose logs are kept; who is further behind reads everything anew.
inline constexpr std::uint64_t kLogsKept = 16;

}  // namespace mooring
