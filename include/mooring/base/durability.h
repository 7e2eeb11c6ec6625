// Durability: what a 2xx promises (vow V1). Chosen once, in the configuration, for the whole store.
#pragma once

#include <cstdint>
#include <string_view>

namespace mooring {

enum class Durability : std::uint8_t {
  durable,  ///< a 2xx is on stable storage
  relaxed,  ///< a 2xx is in the page cache: survives a crash of the process, not one of the machine
};

/// "durable", "relaxed". Static storage.
[[nodiscard]] constexpr std::string_view name_of(Durability durability) noexcept {
  return durability == Durability::durable ? "durable" : "relaxed";
}

}  // namespace mooring
