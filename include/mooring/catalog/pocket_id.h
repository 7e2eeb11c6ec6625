// PocketId: how Media Pocket names its assets, projects and contents: 20 characters of
// [A-Za-z0-9_-], 120 bits from the system's randomness (rule X11). A value; any thread.
//
// Assets and projects share one space of identifiers and lie in families of their own, so that the
// id of one is never taken for the other (M13).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mooring {

inline constexpr std::size_t kPocketIdChars = 20;

struct PocketId {
  std::array<char, kPocketIdChars> characters{};

  [[nodiscard]] std::string_view view() const noexcept {
    return {characters.data(), characters.size()};
  }
  friend auto operator<=>(const PocketId&, const PocketId&) = default;
};

[[nodiscard]] PocketId new_pocket_id() noexcept;

[[nodiscard]] inline std::string to_string(const PocketId& id) {
  return std::string(id.view());
}

/// Exactly 20 characters of the alphabet; nothing else, such as ":asset_id" (M9).
[[nodiscard]] std::optional<PocketId> parse_pocket_id(std::string_view text) noexcept;

}  // namespace mooring
