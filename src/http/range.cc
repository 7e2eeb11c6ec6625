#include "mooring/http/range.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "grammar.h"
#include "mooring/http/request_head.h"

namespace mooring {

namespace {

// Digits only; beyond 2^64-1 saturates, for such a position is past every end. nullopt: not a
// number.
std::optional<std::uint64_t> position(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!Grammar::is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
  }
  return value;
}

}  // namespace

RangeDecision decide_range(std::string_view value, std::uint64_t size_bytes) noexcept {
  constexpr std::string_view kUnit = "bytes=";
  if (value.size() < kUnit.size() || !equal_ignoring_case(value.substr(0, kUnit.size()), kUnit))
    return {};
  const std::string_view spec = Grammar::trim(value.substr(kUnit.size()));
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return {};
  const std::string_view first_text = spec.substr(0, dash);
  const std::string_view last_text = spec.substr(dash + 1);

  if (first_text.empty()) {
    const auto suffix = position(last_text);
    if (!suffix || (size_bytes == 0 && *suffix > 0)) return {};
    if (*suffix == 0) return {RangeKind::unsatisfiable};
    return {RangeKind::satisfiable, size_bytes - std::min(*suffix, size_bytes), size_bytes - 1};
  }
  const auto first = position(first_text);
  const auto last = last_text.empty() ? std::optional(UINT64_MAX) : position(last_text);
  if (!first || !last || *first > *last) return {};
  if (*first >= size_bytes) return {RangeKind::unsatisfiable};
  return {RangeKind::satisfiable, *first, std::min(*last, size_bytes - 1)};
}

std::string content_range(const RangeDecision& range, std::uint64_t size_bytes) {
  return fmt::format("bytes {}-{}/{}", range.first, range.last, size_bytes);
}

std::string content_range_unsatisfied(std::uint64_t size_bytes) {
  return fmt::format("bytes */{}", size_bytes);
}

}  // namespace mooring
