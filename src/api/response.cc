#include "mooring/api/response.h"

namespace mooring {

Response json_response(int status, std::string text) {
  Response response{.status = status, .text = std::move(text)};
  response.add("Content-Type", "application/json");
  return response;
}

Response empty_response(int status) {
  return {.status = status};
}

}  // namespace mooring
