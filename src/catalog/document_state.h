// The state of one organization's document index: numbers and counts, read and written with every
// change of a document. Only for the sources of this wing.
//
//   Family::document_state  organization (text)            -> IndexState
//   Family::document_free   organization number 4 | i 4    -> ordinal 4: a stack of ordinals to
//   reuse
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/result.h"
#include "mooring/catalog/transaction.h"
#include "mooring/catalog/view.h"

namespace mooring {

struct IndexState {
  std::uint32_t number = 0;           ///< stands for the organization in the keys of the index
  std::uint32_t next_ordinal = 0;     ///< ordinals from here on were never used
  std::uint32_t free_ordinals = 0;    ///< height of the stack of freed ones
  std::uint64_t next_sequence = 1;    ///< of the next change that is kept in the tail
  std::uint64_t folded_sequence = 0;  ///< changes up to this one are in the base
  std::uint64_t base_version = 0;     ///< grows with every change of the base
  std::uint64_t tree_version = 0;     ///< grows with every move and removal of assets
  friend bool operator==(const IndexState&, const IndexState&) = default;
};

/// Changes that are not in the base yet.
[[nodiscard]] constexpr std::uint64_t tail_size(const IndexState& state) noexcept {
  return state.next_sequence - 1 - state.folded_sequence;
}

/// An organization whose tail reaches a multiple of this is due: the fold looks at it.
///   Family::document_due   organization (text)   -> (empty)
inline constexpr std::uint64_t kTailStep = 16;

[[nodiscard]] std::string encode(const IndexState& state);
[[nodiscard]] Result<IndexState> decode_index_state(std::string_view bytes);

/// Nothing: the organization never had a document.
[[nodiscard]] Result<std::optional<IndexState>> find_index_state(const View& view,
                                                                 std::string_view organization);

/// As find_index_state; an organization without a state gets one, with a number of its own.
[[nodiscard]] Result<IndexState> make_index_state(Transaction& transaction,
                                                  std::string_view organization);

void put_index_state(Transaction& transaction, std::string_view organization,
                     const IndexState& state);

/// The least known free ordinal last, else one that was never used. Changes `state`, which the
/// caller puts. Fails with overloaded if all are taken.
[[nodiscard]] Result<std::uint32_t> take_ordinal(Transaction& transaction, IndexState& state);
void free_ordinal(Transaction& transaction, IndexState& state, std::uint32_t ordinal);

}  // namespace mooring
