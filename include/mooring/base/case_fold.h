// Case folding: names that differ only in the case of their letters become one text.
//
// Unicode's simple case folding (CaseFolding.txt, statuses C and S): each code point becomes
// exactly one, so positions and counts of code points survive. No accents are taken away, nothing
// is normalised, and no language is special: "Straße" and "STRASSE" stay different (rule D11).
#pragma once

#include <string>
#include <string_view>

namespace mooring {

[[nodiscard]] char32_t fold_case(char32_t code_point) noexcept;

/// `text`, which is valid UTF-8, with every code point folded. Bytes that are not UTF-8 stay as
/// they are.
[[nodiscard]] std::string fold_case(std::string_view text);

/// The number of bytes of the code point that begins with `lead`, 1 to 4; 1 for what begins none.
[[nodiscard]] std::size_t code_point_bytes(char lead) noexcept;

}  // namespace mooring
