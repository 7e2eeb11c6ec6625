// Bytes: views of memory that somebody else owns.
//
// A view never owns and never outlives its owner. Sizes are in bytes everywhere; the literals make
// limits readable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace mooring {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

[[nodiscard]] inline Bytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

[[nodiscard]] inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// O_DIRECT alignment of memory, offset and length. 512 would do on most devices; 4096 does on all.
inline constexpr std::size_t kBlockBytes = 4096;

[[nodiscard]] constexpr std::uint64_t round_up(std::uint64_t n, std::uint64_t unit) noexcept {
  return (n + unit - 1) / unit * unit;
}

inline namespace literals {
consteval std::size_t operator""_KiB(unsigned long long n) {
  return n << 10;
}
consteval std::size_t operator""_MiB(unsigned long long n) {
  return n << 20;
}
consteval std::size_t operator""_GiB(unsigned long long n) {
  return n << 30;
}
}  // namespace literals

}  // namespace mooring
