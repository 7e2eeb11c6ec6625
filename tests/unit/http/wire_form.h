// A multipart body read in pieces: what the parser makes of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/http/multipart.h"

namespace mooring {

struct WirePart {
  std::string name;
  std::optional<std::string> filename;
  std::optional<std::string> content_type;
  std::string data;
  friend bool operator==(const WirePart&, const WirePart&) = default;
};

struct WireForm {
  std::optional<Errc> error;
  std::vector<WirePart> parts;     ///< complete ones only
  std::size_t arrived_bytes = 0;   ///< when the error was found, or all
  std::size_t held_bytes_max = 0;  ///< the most content that was held back at any time

  /// Equality of what a client can see.
  friend bool operator==(const WireForm& a, const WireForm& b) {
    return a.error == b.error && a.parts == b.parts;
  }
};

/// Reads `body`, which arrives in pieces that end at `ends` (ascending; the end of it is added).
[[nodiscard]] WireForm read_form(std::string_view content_type, std::string_view body,
                                 const std::vector<std::size_t>& ends,
                                 const MultipartLimits& limits = {});

}  // namespace mooring
