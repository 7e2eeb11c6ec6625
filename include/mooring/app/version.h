// The version of this build.
#pragma once

#include <string_view>

namespace mooring {

/// "0.1.0": the project's version in meson.build.
extern const std::string_view kVersion;

}  // namespace mooring
