// Character classes of RFC 9110 section 5.6, for the sources of this wing.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace mooring {

/// A closed set of functions without state; a struct, so that the names cannot meet those of other
/// wings.
struct Grammar {
  static constexpr std::array<bool, 256> kTokenCharacters = [] {
    std::array<bool, 256> table{};
    for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
    for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
    for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
      table[static_cast<unsigned char>(c)] = true;
    return table;
  }();

  static constexpr bool is_token(char c) noexcept {
    return kTokenCharacters[static_cast<unsigned char>(c)];
  }
  static constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
  static constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

  /// A control character that no field value may hold: everything below space but HTAB, and DEL.
  static constexpr bool is_control(char c) noexcept {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  }

  static constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }

  static constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }

  static std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = lower(c);
    return result;
  }

  static constexpr std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
  }

  static constexpr bool is_token(std::string_view text) noexcept {
    if (text.empty()) return false;
    for (const char c : text)
      if (!is_token(c)) return false;
    return true;
  }

  static constexpr bool has_control(std::string_view text) noexcept {
    for (const char c : text)
      if (is_control(c)) return true;
    return false;
  }

  /// Takes the next element of a comma-separated list off `list`, without the blanks around it.
  /// Does not know quoted strings. False at the end of the list.
  static bool next_element(std::string_view& list, bool& at_end,
                           std::string_view& element) noexcept {
    if (at_end) return false;
    const std::size_t comma = list.find(',');
    element = trim(list.substr(0, comma));
    at_end = comma == std::string_view::npos;
    list.remove_prefix(at_end ? list.size() : comma + 1);
    return true;
  }
};

}  // namespace mooring
