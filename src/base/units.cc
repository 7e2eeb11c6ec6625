#include "mooring/base/units.h"

#include <charconv>

namespace mooring {

std::optional<std::uint64_t> parse_with_suffix(std::string_view text,
                                               std::span<const UnitSuffix> suffixes) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const UnitSuffix& suffix : suffixes) {
    std::uint64_t product = 0;
    if (rest == suffix.name && !__builtin_mul_overflow(number, suffix.factor, &product))
      return product;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_size_bytes(std::string_view text) noexcept {
  constexpr std::array kBytes = {UnitSuffix{"", 1}};
  const std::optional<std::uint64_t> plain = parse_with_suffix(text, kBytes);
  return plain ? plain : parse_with_suffix(text, kSizeSuffixes);
}

std::optional<std::uint64_t> parse_duration_ms(std::string_view text) noexcept {
  return parse_with_suffix(text, kDurationSuffixes);
}

}  // namespace mooring
