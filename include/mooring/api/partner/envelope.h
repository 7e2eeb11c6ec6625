// The BLAZE envelope: how everything below /api/v1/partner refuses (contract 2.0, rule X1).
//
// {"error":"Invalid argument","message":"…","status":400}: the kind of error, what is wrong for a
// person to read, and the status once more. An error is never kept by a cache (G1). A Response made
// here is complete. Pure functions; any thread.
#pragma once

#include <string_view>

#include "mooring/api/response.h"
#include "mooring/api/route.h"
#include "mooring/base/result.h"

namespace mooring {

/// Below "/api/v1/partner". A path that is refused by its form does not exist there (G6).
extern const Envelope kPartnerEnvelope;

/// The response for an error: the one function from Errc to status and body.
[[nodiscard]] Response refuse_partner(Errc code);

/// 400 "Invalid argument" with a message that says which one. `message` is UTF-8.
[[nodiscard]] Response refuse_argument(std::string_view message);

}  // namespace mooring
