// WebP without metadata. libvips 8.14 writes an EXIF chunk of its own into every WebP, whatever it
// is told; a rendition has none (nor XMP, nor a colour profile).
#pragma once

#include <optional>
#include <vector>

#include "mooring/base/bytes.h"

namespace mooring {

/// `webp` (a RIFF container) without its EXIF, XMP and ICCP chunks; nothing if it is not whole.
[[nodiscard]] std::optional<std::vector<std::byte>> without_metadata(Bytes webp);

}  // namespace mooring
