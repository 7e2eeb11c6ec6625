// How the vendor's messages print a value: as Ruby's `inspect` does (M3). Pure; any thread.
//
//   null nil · true · 5 · 1.0 · 1.0e+20 · "a\n" · [1, nil] · {"a"=>1}
#pragma once

#include <string>

#include "mooring/base/json_reader.h"

namespace mooring {

[[nodiscard]] std::string ruby_inspect(const JsonValue& value);

}  // namespace mooring
