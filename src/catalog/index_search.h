// The search for a text in folded names: one name, or a page of them at once.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "index_columns.h"

namespace mooring {

/// The first place of `needle`, which is not empty, in `text` at or after `from`; npos if there is
/// none.
[[nodiscard]] std::size_t find_text(std::string_view text, std::size_t from,
                                    std::string_view needle) noexcept;

/// One bit per slot of a page.
inline constexpr std::size_t kPageSlotWords = kPageOrdinals / 64;
using PageSlots = std::span<std::uint64_t, kPageSlotWords>;

/// Takes those slots out of `slots` whose names do not contain `needle`, which is not empty.
void keep_names_with(const ColumnPage& page, std::string_view needle, PageSlots slots);

}  // namespace mooring
