// The beginning of absolute URLs in bodies (I16): what is configured, else what the client used.
#pragma once

#include <string>

#include "mooring/api/exchange.h"

namespace mooring {

/// server.base_url, or "http://" and the request's Host; no slash at its end. Empty only for a
/// client of HTTP/1.0 that named no host: URLs are then relative to it.
[[nodiscard]] std::string base_url_of(const Exchange& exchange);

}  // namespace mooring
