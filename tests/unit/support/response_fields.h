// What a test asks of the fields of a response.
#pragma once

#include <string>
#include <string_view>

#include "mooring/api/response.h"

namespace mooring {

/// The value of the first field of that name, or "(none)".
inline std::string field_of(const Response& response, std::string_view name) {
  for (const auto& [field, value] : response.fields)
    if (field == name) return value;
  return "(none)";
}

}  // namespace mooring
