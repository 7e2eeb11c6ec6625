// The default set of categories, loaded into a store that never had one (contract 1.3).
//
// At start, before the first core; blocks. A mark remembers that it was done, so that categories
// which an admin removed or renamed stay as the admin left them.
#pragma once

#include "mooring/base/result.h"
#include "mooring/catalog/writer.h"

namespace mooring {

/// Fails as a commit does; with corrupt if the set that was built in breaks the rules of a
/// category.
[[nodiscard]] Status load_default_categories(Writer& writer);

}  // namespace mooring
