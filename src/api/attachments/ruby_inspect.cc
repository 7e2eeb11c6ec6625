#include "mooring/api/attachments/ruby_inspect.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace mooring {
namespace {

void append_control(std::string& out, unsigned char c) {
  switch (c) {
    case '\a':
      out += "\\a";
      break;
    case '\b':
      out += "\\b";
      break;
    case '\t':
      out += "\\t";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\v':
      out += "\\v";
      break;
    case '\f':
      out += "\\f";
      break;
    case '\r':
      out += "\\r";
      break;
    case 0x1b:
      out += "\\e";
      break;
    case 0x7f:
      out += "\\x7F";
      break;
    default:
      out += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
  }
}

/// "#{", "#$" and "#@" would be interpolations.
bool begins_interpolation(std::string_view rest) {
  return rest.size() > 1 && rest[0] == '#' && std::string_view("{$@").contains(rest[1]);
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7f) {
      append_control(out, c);
      continue;
    }
    if (c == '"' || c == '\\' || begins_interpolation(text.substr(i))) out += '\\';
    out += text[i];
  }
  out += '"';
}

/// The shortest digits that are this number; scientific below 0.0001 and from 1e16 on.
void append_number(std::string& out, double number) {
  std::array<char, 64> text;
  const double size = std::abs(number);
  const bool scientific = size != 0 && (size < 1e-4 || size >= 1e16);
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), number,
                    scientific ? std::chars_format::scientific : std::chars_format::fixed);
  std::string digits(text.data(), end.ptr);
  const std::size_t exponent = std::min(digits.find('e'), digits.size());
  if (digits.find('.') == digits.npos) digits.insert(exponent, ".0");
  out += digits;
}

}  // namespace

/// As deep as the reader allows: kJsonDepthMax.
std::string ruby_inspect(const JsonValue& value) {
  std::string out;
  switch (value.kind()) {
    case JsonKind::null:
      return "nil";
    case JsonKind::boolean:
      return value.as_boolean() ? "true" : "false";
    case JsonKind::integer:
      return fmt::format("{}", value.as_integer());
    case JsonKind::number:
      append_number(out, value.as_number());
      return out;
    case JsonKind::string:
      append_string(out, value.as_string());
      return out;
    case JsonKind::array:
      for (const JsonValue& item : value.items())
        out.append(out.empty() ? "" : ", ").append(ruby_inspect(item));
      return "[" + out + "]";
    case JsonKind::object:
      for (const JsonMember& member : value.members()) {
        if (!out.empty()) out += ", ";
        append_string(out, member.key);
        out.append("=>").append(ruby_inspect(member.value));
      }
      return "{" + out + "}";
  }
  return out;
}

}  // namespace mooring
