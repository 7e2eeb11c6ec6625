// The header of a BMP: libvips has no loader of its own for it, and the one it borrows is not
// trusted here. So a BMP is stored and shown as it is; only its header is checked.
#pragma once

#include <cstdint>
#include <optional>

#include "mooring/base/bytes.h"

namespace mooring {

struct BmpSize {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

/// Nothing unless `file` is a Windows bitmap of 1 to 32 bits whose pixels are all there (as far as
/// the header tells: of a run-length encoded one only that they begin inside of the file).
[[nodiscard]] std::optional<BmpSize> bmp_size(Bytes file) noexcept;

}  // namespace mooring
