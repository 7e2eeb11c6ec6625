// Orders: every document of an organization's base by name, and by instant of its last change.
//
// An order is a row of blocks, each a list of ordinals; a directory says which blocks, in which
// order, of how many. So the document at any position is two lookups, a block is rewritten alone,
// and a search for a place is a search over positions, whose keys lie in the columns. Ties stand by
// ascending id.
//
//   Family::document_order   organization number 4 | kind 1            -> OrderDirectory
//                            organization number 4 | kind 1 | block 4  -> ordinals, 4 bytes each
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "index_cache.h"
#include "mooring/base/result.h"

namespace mooring {

enum class OrderKind : std::uint8_t { name = 1, updated = 2 };
inline constexpr std::size_t kOrderKinds = 2;

/// A block that grows beyond the larger is cut; two neighbours that fit the smaller become one.
inline constexpr std::size_t kBlockOrdinalsMax = 1'024;
inline constexpr std::size_t kBlockOrdinalsMin = 256;

struct OrderDirectory final : CachedObject {
  std::vector<std::uint32_t> blocks;     ///< numbers, in order
  std::vector<std::uint32_t> starts{0};  ///< position of each block's first; and of the end
  std::uint32_t next_block = 0;          ///< numbers from here on were never used

  [[nodiscard]] std::uint32_t size() const noexcept { return starts.back(); }
  /// The index in `blocks` of the block that holds `position`, which is below size().
  [[nodiscard]] std::size_t block_of(std::uint32_t position) const noexcept;
  void append(std::uint32_t block, std::size_t ordinals);
  [[nodiscard]] std::size_t memory_bytes() const noexcept override;
};

[[nodiscard]] std::string encode(const OrderDirectory& directory);
[[nodiscard]] Result<OrderDirectory> decode_order_directory(std::string_view bytes);

struct OrderBlock final : CachedObject {
  std::vector<std::uint32_t> ordinals;
  [[nodiscard]] std::size_t memory_bytes() const noexcept override;
};

[[nodiscard]] std::string encode(const OrderBlock& block);
[[nodiscard]] Result<OrderBlock> decode_order_block(std::string_view bytes);

[[nodiscard]] std::string order_key(std::uint32_t number, OrderKind kind);
[[nodiscard]] std::string order_key(std::uint32_t number, OrderKind kind, std::uint32_t block);

}  // namespace mooring
