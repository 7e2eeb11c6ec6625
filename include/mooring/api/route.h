// Routes: what a family offers, as data.
//
// A family is a list of routes; an envelope is the shape in which errors below a path prefix are
// answered, also those that no family decides: 404 for an unknown route, 405, 413, 500 (rule X1). A
// route without a policy does not compile (auth/policy.h). The table of all families is
// app/routes.cc.
#pragma once

#include <span>
#include <string_view>

#include "mooring/api/exchange.h"
#include "mooring/api/response.h"
#include "mooring/auth/policy.h"

namespace mooring {

/// Answers one request. Runs on the connection's core. Never fails: what goes wrong becomes a
/// Response in the shape of the family.
using Handler = Task<Response> (*)(Exchange& exchange);

struct Route {
  Method method;
  /// Decoded segments, "{name}" for any one segment: "/v1/pictures/asset/{assetId}". A trailing
  /// slash in the request is accepted (rule X5). HEAD is answered by the GET route (rule X6).
  std::string_view pattern;
  Policy policy;
  Handler handler;
};

/// How errors look below some prefixes.
struct Envelope {
  std::span<const std::string_view> prefixes;  ///< "/v1": itself and everything below "/v1/"
  /// The whole response for an error: status, body, WWW-Authenticate on 401 (rule X6).
  Response (*render)(const Error& error);
  /// What a path that is refused by its form (http/target.h) means below them: 400, or, where names
  /// are looked up by what they are, a name that nothing has (G6: not_found).
  Errc bad_path = Errc::invalid;
};

struct ResourceFamily {
  std::string_view name;  ///< for metrics and the access log
  std::span<const Route> routes;
  const Envelope& envelope;
};

}  // namespace mooring
