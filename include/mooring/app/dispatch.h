// Dispatch: from a parsed head to the answer of a family, in the order of rule X2.
//
//   404 or 405 by the route -> 401 -> 429 -> 403 by role -> the family (404, 403, 409, body 4xx)
//
// Errors outside of every family's prefixes are answered in the server's own plain shape.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mooring/api/body.h"
#include "mooring/api/response.h"
#include "mooring/app/authenticate.h"
#include "mooring/app/metrics.h"
#include "mooring/app/router.h"
#include "mooring/app/throttle.h"
#include "mooring/core/task.h"

namespace mooring {

struct CoreServices;

/// What dispatch needs of its core. The referenced objects outlive every request.
struct DispatchContext {
  const Router& router;
  Authenticator& authenticator;
  Throttles& throttles;
  CoreServices& services;
};

/// What was answered, for the access log and the metrics.
struct DispatchRecord {
  std::string_view family = kServerFamily;
  IdentityPtr identity;             ///< of the verified caller, if there was one
  std::uint64_t authorised_ns = 0;  ///< monotonic time at which the caller was allowed; 0: was not
};

/// Answers `head`, which came from the address `peer`. Never fails: errors become responses. The
/// core's thread.
[[nodiscard]] Task<Response> dispatch(DispatchContext& context, const RequestHead& head,
                                      std::string_view peer, BodyReader& body,
                                      DispatchRecord& record);

/// The server's own plain shape of an error: {"error":"not_found","message":"Not Found"}.
[[nodiscard]] Response render_plain(const Error& error);

/// The response for an error that is met before there is a route: in the envelope of `raw_path`.
[[nodiscard]] Response render_error(const Router& router, std::string_view raw_path,
                                    const Error& error);

}  // namespace mooring
