// Units: sizes and durations as people write them, "64KiB" and "500ms".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mooring {

struct UnitSuffix {
  std::string_view name;
  std::uint64_t factor;
};

/// From the largest down, so that the first that divides a number is the one to print it with.
inline constexpr std::array kSizeSuffixes = {
    UnitSuffix{"TiB", 1ull << 40}, UnitSuffix{"GiB", 1ull << 30}, UnitSuffix{"MiB", 1ull << 20},
    UnitSuffix{"KiB", 1ull << 10}};
/// In milliseconds.
inline constexpr std::array kDurationSuffixes = {UnitSuffix{"h", 3'600'000},
                                                 UnitSuffix{"m", 60'000}, UnitSuffix{"s", 1'000},
                                                 UnitSuffix{"ms", 1}};

/// Digits and one of `suffixes`, nothing between them; nothing for anything else and for what does
/// not fit into 64 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_with_suffix(
    std::string_view text, std::span<const UnitSuffix> suffixes) noexcept;

/// A size with or without a suffix: "4096" is 4 KiB.
[[nodiscard]] std::optional<std::uint64_t> parse_size_bytes(std::string_view text) noexcept;
/// A duration; the suffix is part of it: 10 of what?
[[nodiscard]] std::optional<std::uint64_t> parse_duration_ms(std::string_view text) noexcept;

}  // namespace mooring
