// Identifiers from the system's randomness.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/bytes.h"

namespace mooring {

/// Fills `out` from the kernel's CSPRNG. Any thread; buffered per thread so that an id costs no
/// call.
void random_bytes(MutableBytes out) noexcept;

/// 16 bytes in the order in which they are printed.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

/// A version 4 (random) UUID, RFC 9562 section 5.4.
[[nodiscard]] Uuid new_uuid() noexcept;

/// Lower case, 8-4-4-4-12.
[[nodiscard]] std::string to_string(const Uuid& id);

/// Any 8-4-4-4-12 hex, either case, any version (rule D5); nothing else.
[[nodiscard]] std::optional<Uuid> parse_uuid(std::string_view text) noexcept;

}  // namespace mooring
