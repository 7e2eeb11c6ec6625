// Exchange: one request, and what a family may use to answer it.
//
// Made by the connection after the head was parsed, the route found and the caller allowed (401 and
// 403 by role are decided before a handler runs, rule X2). Lives in the connection's frame until
// the response was sent; its core's thread only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mooring/api/body.h"
#include "mooring/api/services.h"
#include "mooring/auth/identity.h"
#include "mooring/http/request_head.h"
#include "mooring/http/target.h"

namespace mooring {

struct Exchange {
  const RequestHead& head;
  const PathSegments& path;      ///< decoded; parameters are found by their place in the pattern
  const QueryParameters& query;  ///< decoded, in order
  const Identity* identity;      ///< null only on routes open to anyone
  BodyReader& body;
  CoreServices& services;

  /// Segment `index` of the path, from 0: what the pattern calls {name} there.
  [[nodiscard]] std::string_view segment(std::size_t index) const noexcept { return path[index]; }
};

}  // namespace mooring
