#include "mooring/catalog/view.h"

namespace mooring {

Result<bool> any_key(const View& view, Family family, std::string_view prefix) {
  const auto entries = view.scan({.family = family, .prefix = prefix, .limit = 1});
  if (!entries) return std::unexpected(entries.error());
  return !entries->empty();
}

}  // namespace mooring
