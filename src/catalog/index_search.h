// The search for a text in folded names: one name, or a page of them at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "index_columns.h"

namespace mooring {

/// The first place of `needle`, which is not empty, in `text` at or after `from`; npos if there is
/// none.
[[nodiscard]] std::size_t find_text(std::string_view text, std::size_t from,
                                    std::string_view needle) noexcept;

/// Takes those members out of `members` (of one page, ascending) whose names do not contain
/// `needle`.
void keep_names_with(const ColumnPage& page, std::string_view needle,
                     std::vector<std::uint16_t>& members);

}  // namespace mooring
