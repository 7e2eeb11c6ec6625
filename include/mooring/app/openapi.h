// The OpenAPI 3.1 document of every route, answered at GET /openapi.json.
//
// Its fragments stand beside the families they describe, in src/api/*/openapi.json, and that of the
// server's own routes in src/app/openapi.json. The build joins them (src/app/join_openapi.py) into
// one constant, so that the binary needs no file beside it. That the document and the route table
// say the same is tests/api/test_openapi.py's to prove, with real requests. Any thread.
#pragma once

#include <string_view>

#include "mooring/api/route.h"

namespace mooring {

/// JSON without blanks. Static storage.
extern const std::string_view kOpenApiDocument;

extern const ResourceFamily kOpenApiFamily;  ///< /openapi.json

}  // namespace mooring
