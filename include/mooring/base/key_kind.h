// The words about API keys that two wings share: auth makes and reads keys, the catalogue keeps
// their records, and neither sees the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mooring {

/// What a key opens. The numbers are part of the format on disk.
enum class KeyKind : std::uint8_t {
  attachments = 1,  ///< the attachment routes, as its owner
  partner = 2,      ///< the partner routes, together with a developer key: which application asks
  developer = 3,    ///< the partner routes, together with a partner key: for which company
};

inline constexpr std::array kKeyKinds = {KeyKind::attachments, KeyKind::partner,
                                         KeyKind::developer};

/// "attachments", "partner", "developer". Static storage.
[[nodiscard]] constexpr std::string_view name_of(KeyKind kind) noexcept {
  switch (kind) {
    case KeyKind::attachments:
      return "attachments";
    case KeyKind::partner:
      return "partner";
    case KeyKind::developer:
      return "developer";
  }
  return "";
}

/// The kind of exactly this name.
[[nodiscard]] constexpr std::optional<KeyKind> key_kind_from(std::string_view name) noexcept {
  for (const KeyKind kind : kKeyKinds)
    if (name_of(kind) == name) return kind;
  return std::nullopt;
}

/// Finds a key's record and names the key to people. Not a secret: it tells nothing of the key.
using KeyId = std::array<std::byte, 12>;

/// SHA-256 of a key: all that is kept of its secret.
using KeySecretHash = std::array<std::byte, 32>;

}  // namespace mooring
