#include "mooring/base/blob_id.h"

#include <fmt/format.h>

namespace mooring {

std::string to_string(const BlobId& id) {
  if (id.ordinal == 0) return to_hex(id.hash);
  return fmt::format("{}-{}", to_hex(id.hash), id.ordinal);
}

}  // namespace mooring
