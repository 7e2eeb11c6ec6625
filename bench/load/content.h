// Content: the bytes of an upload, made from almost nothing and known again when they come back.
//
// A content is a few bytes of its own (a prefix that some servers insist on, such as the magic of a
// JPEG, and a stamp of 16 bytes) in front of a pattern of random bytes that all contents of a run
// share and that repeats. So a request costs 16 bytes of writing however large its body is, every
// content is different as long as its stamp is, and any part of it can be compared with what a
// server sends back. Contents shorter than prefix and stamp are cut; there cannot be many different
// ones of them.
//
// The pattern is made once per run and only read then; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "mooring/base/bytes.h"
#include "mooring/base/digest.h"

namespace mooring {

inline constexpr std::size_t kStampBytes = 16;
inline constexpr std::size_t kContentPrefixBytesMax = 16;

struct Content {
  std::array<std::byte, kContentPrefixBytesMax + kStampBytes> lead{};
  std::uint32_t lead_bytes = 0;  ///< how many of `lead` stand in front of the pattern
  std::uint64_t size_bytes = 0;
};

/// `stamp_high` and `stamp_low` tell contents apart; the same two make the same content.
[[nodiscard]] Content make_content(std::string_view prefix, std::uint64_t stamp_high,
                                   std::uint64_t stamp_low, std::uint64_t size_bytes) noexcept;

class ContentPattern {
 public:
  /// Larger than what a core sends at once, small enough for its cache.
  static constexpr std::size_t kPatternBytes = 1_MiB;

  explicit ContentPattern(std::uint64_t seed);

  /// The longest part of `content` that lies in one piece at `offset_bytes`; empty at its end.
  /// Valid as long as `content` and this.
  [[nodiscard]] Bytes at(const Content& content, std::uint64_t offset_bytes) const noexcept;

  /// Whether `seen` is what `content` has at `offset_bytes`.
  [[nodiscard]] bool equal(const Content& content, std::uint64_t offset_bytes,
                           Bytes seen) const noexcept;

  /// XXH3-128 of the whole content.
  [[nodiscard]] Hash128 digest(const Content& content) const;

 private:
  std::vector<std::byte> pattern_;
};

}  // namespace mooring
