#include <array>
#include <string>

#include "mooring/app/dispatch.h"
#include "mooring/app/openapi.h"

namespace mooring {
namespace {

Task<Response> get_document(Exchange&) {
  co_return json_response(200, std::string(kOpenApiDocument));
}

const Envelope kEnvelope{{}, &render_plain};

constexpr std::array kRoutes = {
    Route{Method::get, "/openapi.json", kPublic, &get_document},
};

}  // namespace

const ResourceFamily kOpenApiFamily{"openapi", kRoutes, kEnvelope};

}  // namespace mooring
