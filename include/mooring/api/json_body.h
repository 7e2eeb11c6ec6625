// JSON bodies: a whole request body as text or as JSON, never more of it than allowed.
//
// Called by handlers once the route, the caller and the state allow the request (rule X2), on the
// connection's core. A completed call means that the body was read to its end; after an error the
// rest of it is the connection's concern. The text exists once and is bounded by `bytes_max`.
//
// Errors, beside those of BodyReader: too_large (413), also from the head alone.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/api/exchange.h"
#include "mooring/base/json_reader.h"
#include "mooring/base/result.h"
#include "mooring/core/task.h"

namespace mooring {

/// The body, which must not be longer than `bytes_max`.
[[nodiscard]] Task<Result<std::string>> read_text_body(BodyReader& body, std::size_t bytes_max);

/// The body as JSON, at most ApiSettings::json_bytes_max of it. invalid (400) if it is empty or not
/// strict JSON; unsupported_media (415) as below.
[[nodiscard]] Task<Result<JsonValue>> read_json_body(Exchange& exchange);

/// Whether a Content-Type may hold JSON for us: application/json with any parameters, or none [D].
[[nodiscard]] bool is_json_type(const std::optional<std::string_view>& content_type);

}  // namespace mooring
