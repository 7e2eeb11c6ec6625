// Serving stored content by rule X10: validators, conditions, one range, safe headers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mooring/api/exchange.h"
#include "mooring/api/response.h"
#include "mooring/base/blob_id.h"

namespace mooring {

/// Whose pages may show it in place (Cross-Origin-Resource-Policy): what is public by contract is
/// shown by any.
enum class EmbeddedBy : std::uint8_t { same_origin, any_site };

/// Whether a browser may show it: raster images and PDF only, or nothing at all.
enum class Presentation : std::uint8_t { by_type, attachment };

struct DownloadSource {
  BlobId blob;
  std::string_view media_type;  ///< as stored: by the bytes, not by the client's word
  std::string_view filename;    ///< for Content-Disposition; may be empty
  std::int64_t modified_ms = 0;
  std::string_view cache_control = {};  ///< empty: none
  EmbeddedBy embedded_by = EmbeddedBy::same_origin;
  Presentation presentation = Presentation::by_type;
};

/// 200, 206, 304, 412 or 416 for a GET or HEAD of `source`; an error if the content cannot be
/// opened. Types other than raster images and PDF are sent as attachments; nosniff and a sandbox
/// always.
[[nodiscard]] Task<Result<Response>> serve_content(Exchange& exchange, DownloadSource source);

}  // namespace mooring
