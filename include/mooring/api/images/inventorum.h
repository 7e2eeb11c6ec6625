// Inventorum: the error envelope of images, uploads and token refresh (contract 3, rule X1).
//
//   {"error":{"fields":{"<field>":["<text>",…]},"description":"<text>","key":"<key>"}}
//
// `fields` is empty for what concerns no field (I18). A Response made here is complete: status,
// body and, on 401, WWW-Authenticate (rule X6). Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/api/response.h"
#include "mooring/api/route.h"
#include "mooring/base/result.h"

namespace mooring {

/// Below "/api/images", "/images", "/uploads" and "/api/auth".
extern const Envelope kInventorumEnvelope;

/// What is wrong with one field of a request.
struct FieldError {
  std::string_view field;  ///< static storage
  std::string text;
  friend bool operator==(const FieldError&, const FieldError&) = default;
};

/// 400 "common.serializer_error": every failing field at once (I7), at least one, each once.
[[nodiscard]] Response refuse_fields(const std::vector<FieldError>& errors);

/// The response for an error of the house. 401 tells whether a credential was sent (I18).
[[nodiscard]] Response refuse_images(const Error& error);
[[nodiscard]] Response refuse_images(Errc code);

/// I3: 400, an X-Api-Version that we do not know.
[[nodiscard]] Response refuse_api_version();

/// What can be wrong with a request for tokens (RFC 6749 section 5.2), in this envelope [D].
enum class GrantError : std::uint8_t {
  unknown_client,  ///< 401 "auth.invalid_client", asks for Basic
  unsupported,     ///< 400 "auth.unsupported_grant_type"
  bad_token,       ///< 400 "auth.invalid_grant": not one, of another client, too old, or used
};
[[nodiscard]] Response refuse_grant(GrantError error);

/// 404 for an id or an address without an image, in the form of the vendor's recorded 404.
[[nodiscard]] Response refuse_unknown_image();

}  // namespace mooring
