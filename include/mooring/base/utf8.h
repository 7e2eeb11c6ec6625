// UTF-8: is it, how long is it, where may it be cut. simdjson does the checking.
#pragma once

#include <cstddef>
#include <string_view>

namespace mooring {

/// Whether `text` is well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool valid_utf8(std::string_view text) noexcept;

/// The number of code points of valid UTF-8. (Limits of names are counted in code points.)
[[nodiscard]] std::size_t code_points(std::string_view text) noexcept;

/// The longest prefix of valid UTF-8 that has at most `bytes_max` bytes and cuts no code point.
[[nodiscard]] std::string_view truncate_utf8(std::string_view text, std::size_t bytes_max) noexcept;

}  // namespace mooring
