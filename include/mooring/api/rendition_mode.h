// When renditions are made: the choice of the configuration (renditions.mode).
#pragma once

#include <cstdint>

namespace mooring {

enum class RenditionMode : std::uint8_t {
  lazy,   ///< when somebody first asks for one
  eager,  ///< right after the original was stored
};

}  // namespace mooring
