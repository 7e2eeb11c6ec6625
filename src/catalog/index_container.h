// Container: a set of ordinals of one chunk, as a list while it is small, as a bitmap above.
//
// A chunk is 65,536 ordinals in a row, so a member is 16 bits. A list of 4,096 members takes as
// many bytes as the bitmap of the whole chunk: there the one becomes the other, and neither is ever
// larger than 8 KiB. A container that is shared (index_cache.h) is never changed.
//
//   on disk: byte 1 | members, 2 bytes each, little-endian, ascending     a list
//            byte 2 | 8,192 bytes, bit i of byte i / 8 is member i        a bitmap
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/result.h"

namespace mooring {

inline constexpr std::size_t kChunkOrdinals = 65'536;
inline constexpr std::size_t kChunkWords = kChunkOrdinals / 64;
inline constexpr std::size_t kListMax = 4'096;

[[nodiscard]] constexpr std::uint32_t chunk_of(std::uint32_t ordinal) noexcept {
  return ordinal >> 16;
}
[[nodiscard]] constexpr std::uint16_t member_of(std::uint32_t ordinal) noexcept {
  return static_cast<std::uint16_t>(ordinal);
}
[[nodiscard]] constexpr std::uint32_t ordinal_of(std::uint32_t chunk,
                                                 std::uint16_t member) noexcept {
  return chunk << 16 | member;
}

using ChunkBits = std::array<std::uint64_t, kChunkWords>;

class Container {
 public:
  Container() = default;
  /// `members` ascending, each once.
  explicit Container(std::vector<std::uint16_t> members);
  explicit Container(std::unique_ptr<ChunkBits> bits);

  /// Fails with corrupt.
  [[nodiscard]] static Result<Container> decode(std::string_view bytes);
  [[nodiscard]] std::string encode() const;

  [[nodiscard]] std::size_t size() const noexcept { return bits_ ? size_ : list_.size(); }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] bool contains(std::uint16_t member) const noexcept;
  /// The members, if it is a list; else bits() holds.
  [[nodiscard]] const std::vector<std::uint16_t>& list() const noexcept { return list_; }
  [[nodiscard]] const ChunkBits* bits() const noexcept { return bits_.get(); }
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

  /// Sets the bit of every member.
  void add_to(ChunkBits& bits) const noexcept;
  /// `function(member)` in ascending order.
  template <typename Function>
  void for_each(Function function) const {
    if (!bits_) {
      for (const std::uint16_t member : list_) function(member);
      return;
    }
    for (std::size_t i = 0; i < kChunkWords; ++i)
      for (std::uint64_t word = (*bits_)[i]; word != 0; word &= word - 1)
        function(
            static_cast<std::uint16_t>(i * 64 + static_cast<std::size_t>(std::countr_zero(word))));
  }

  /// Takes one member out. Only of a container that nobody shares.
  void remove(std::uint16_t member) noexcept;

  /// This set without `removed`, with `added`; in any order, repeats allowed; `added` wins.
  [[nodiscard]] Container changed(std::span<const std::uint16_t> removed,
                                  std::span<const std::uint16_t> added) const;

 private:
  std::vector<std::uint16_t> list_;
  std::unique_ptr<ChunkBits> bits_;
  std::size_t size_ = 0;  ///< of a bitmap
};

/// Every member in one of `sets`.
[[nodiscard]] Container unite(std::span<const Container* const> sets);
/// What is in `set` and in one of `others`; consumes `set`.
[[nodiscard]] Container intersect(Container set, std::span<const Container* const> others);
/// What is in `set` and in none of `others`; consumes `set`.
[[nodiscard]] Container subtract(Container set, std::span<const Container* const> others);

}  // namespace mooring
