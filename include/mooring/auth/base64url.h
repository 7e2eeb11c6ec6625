// base64url without padding, canonical only (RFC 4648 sections 5 and 3.5).
//
// One text for each sequence of bytes and back: padding, other letters, white space, a length that
// no sequence has and non-zero bits after the last byte are refused, so that a token cannot be
// altered without altering what it says (J12).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/bytes.h"

namespace mooring {

[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);
[[nodiscard]] std::string base64url_encode(Bytes bytes);

}  // namespace mooring
