// secret_compare: equality that takes the same time wherever the first difference is.
#pragma once

#include "mooring/base/bytes.h"

namespace mooring {

/// True if both hold the same bytes. The time depends on the lengths alone, which are no secret.
[[nodiscard]] bool secret_equal(Bytes a, Bytes b) noexcept;

}  // namespace mooring
