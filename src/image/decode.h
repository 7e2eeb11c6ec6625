// What a worker does with a picture: the only place that uses libvips. Worker processes only, one
// thread at a time (the library has threads of its own).
//
// Every limit is checked on the header, before anything is decoded. Only the loaders of JPEG, PNG,
// WebP and GIF exist for the library; of animations only the first frame is looked at. Damage is an
// error, never a grey area.
#pragma once

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/image/protocol.h"

namespace mooring {

/// Once, before the process is confined. internal: the library does not start.
[[nodiscard]] Status start_image_library();

/// Decodes everything, keeps nothing. width and height are as shown, orientation applied.
[[nodiscard]] WorkerAnswer check_picture(const WorkerRequest& request, Bytes content,
                                         const ImageLimits& limits);

/// Writes a picture in request.wanted to `output`: orientation applied, colours in sRGB, eight
/// bits, without any metadata, fitted into the box and never enlarged. Equal input gives equal
/// bytes.
[[nodiscard]] WorkerAnswer render_picture(const WorkerRequest& request, Bytes content, int output,
                                          const ImageLimits& limits);

}  // namespace mooring
