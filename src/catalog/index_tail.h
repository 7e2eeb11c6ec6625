// IndexTail: the changed documents of one organization that are not in the base yet, in memory.
//
// Shared by the threads that query; grows as they read further, by sequence number. A new base
// takes over what it has not folded from the tail before it, which costs a copy; after a change of
// the tree everything is read anew. An entry holds until a later one of the same ordinal; a query
// sees the entries of its own moment, whatever others have read since. Which entries are below an
// asset is kept with them, so that a small scope looks at few of them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "document_state.h"
#include "index_columns.h"
#include "index_order.h"
#include "index_terms.h"

namespace mooring {

struct TailDocument {
  std::uint32_t ordinal = 0;
  bool hides_base = false;  ///< the base may have this ordinal: what it says is out of date
  std::optional<IndexedDocument> now;  ///< nothing: it is removed
  std::string folded;
  std::string spelling;
  std::vector<Uuid> below;  ///< every asset whose subtree it is in, ascending
  std::uint64_t sequence = 0;
  mutable std::uint64_t superseded = std::numeric_limits<std::uint64_t>::max();
  /// Where it would stand in the base's orders; negative: not known yet.
  mutable std::array<std::atomic<std::int64_t>, kOrderKinds> positions{-1, -1};

  TailDocument() = default;
  /// The same for another base: places are not known there.
  TailDocument(const TailDocument& other);
  TailDocument& operator=(const TailDocument&) = delete;
  ~TailDocument() = default;

  /// Of a document that is not removed.
  [[nodiscard]] ColumnRow row() const;
};

using TailPointer = std::shared_ptr<const TailDocument>;

class IndexTail final : public CachedObject {
 public:
  /// A tail on the base and the tree of `state`, with what `former` (null: nothing) knows of it:
  /// empty, if that is of another tree.
  IndexTail(const IndexState& state, const IndexTail* former);

  [[nodiscard]] bool is_of(const IndexState& state) const noexcept {
    return base_version_ == state.base_version && tree_version_ == state.tree_version;
  }

  /// Reads what has come until `state`, which this tail is of; `view` shows its moment.
  [[nodiscard]] Status catch_up(const View& view, const IndexState& state) const;

  /// The entries in the subtrees of `assets` that hold at the moment of `state`, after catch_up;
  /// each once.
  template <typename Function>
  void for_each_below(std::span<const Uuid> assets, const IndexState& state,
                      Function function) const {
    const std::shared_lock lock(mutex_);
    for (const std::uint32_t index : below_any(assets)) call(entries_[index], state, function);
  }
  /// The same for all that hide what the base says.
  template <typename Function>
  void for_each_hiding(const IndexState& state, Function function) const {
    const std::shared_lock lock(mutex_);
    for (const std::uint32_t index : hiding_) call(entries_[index], state, function);
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override;

 private:
  struct AssetHash {
    std::size_t operator()(const Uuid& asset) const noexcept;
  };

  template <typename Function>
  static void call(const TailPointer& entry, const IndexState& state, Function& function) {
    if (entry->sequence < state.next_sequence && entry->superseded >= state.next_sequence)
      function(entry);
  }
  /// Indexes of entries, ascending. Under the lock.
  [[nodiscard]] std::vector<std::uint32_t> below_any(std::span<const Uuid> assets) const;
  void add(TailPointer entry) const;
  void take_over(const IndexTail& former, const IndexState& state);
  [[nodiscard]] Status append(const View& view, std::uint64_t sequence, TailEntry entry) const;

  const std::uint64_t base_version_;
  const std::uint64_t tree_version_;
  mutable std::shared_mutex mutex_;
  mutable std::uint64_t next_sequence_;
  mutable std::vector<TailPointer> entries_;  // ascending sequence
  mutable std::unordered_map<std::uint32_t, std::size_t> newest_of_;
  mutable std::unordered_map<Uuid, std::vector<std::uint32_t>, AssetHash> below_;  // of entries_
  mutable std::vector<std::uint32_t> hiding_;                                      // of entries_
  mutable AncestorChains chains_;
  mutable std::size_t bytes_ = 0;
};

/// The tail at the moment of `state`, which `view` shows, from the cache as far as it is there. The
/// cache is at the version of `state`, or beyond it.
[[nodiscard]] Result<std::shared_ptr<const IndexTail>> read_tail(IndexCache& cache,
                                                                 const View& view,
                                                                 const IndexState& state);

}  // namespace mooring
