// Range, RFC 9110 section 14.2: one byte range or none (rule X10).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mooring {

enum class RangeKind : std::uint8_t {
  ignored,        ///< answer the whole with 200: no bytes unit, bad syntax, or several ranges
  satisfiable,    ///< answer first..last with 206
  unsatisfiable,  ///< answer 416 with Content-Range: bytes */size
};

struct RangeDecision {
  RangeKind kind = RangeKind::ignored;
  std::uint64_t first = 0;  ///< satisfiable only
  std::uint64_t last = 0;   ///< inclusive; first <= last < size

  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return last - first + 1; }
};

/// What a Range value means for a representation of `size_bytes`. A header of several ranges is
/// ignored: a server may, and multipart/byteranges serves only attackers and a few PDF readers.
[[nodiscard]] RangeDecision decide_range(std::string_view value, std::uint64_t size_bytes) noexcept;

/// "bytes 0-4/10" for a 206.
[[nodiscard]] std::string content_range(const RangeDecision& range, std::uint64_t size_bytes);

/// "bytes */10" for a 416.
[[nodiscard]] std::string content_range_unsatisfied(std::uint64_t size_bytes);

}  // namespace mooring
