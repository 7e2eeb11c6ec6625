#include "mooring/api/attachments/pocket_body.h"

namespace mooring {
namespace {

/// For code points of one and two bytes; the lower case of each has as many.
constexpr char32_t lower(char32_t c) {
  const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  if (within(U'A', U'Z') || (within(0xC0, 0xDE) && c != 0xD7)) return c + 0x20;
  // Latin Extended-A: pairs, first even, then odd, then even again. U+0130 and U+0178 have their
  // lower case elsewhere.
  if (c == 0x178) return 0xFF;
  if ((within(0x100, 0x137) && c != 0x130) || within(0x14A, 0x177)) return c | 1;
  if (within(0x139, 0x148) || within(0x179, 0x17E)) return (c & 1) != 0 ? c + 1 : c;
  if (within(0x391, 0x3AB) && c != 0x3A2) return c + 0x20;
  if (within(0x410, 0x42F)) return c + 0x20;
  if (within(0x400, 0x40F)) return c + 0x50;
  return c;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto first = static_cast<unsigned char>(out[i]);
    if (first < 0x80) {
      out[i] = static_cast<char>(lower(first));
    } else if ((first & 0xE0) == 0xC0 && i + 1 < out.size()) {
      const auto second = static_cast<unsigned char>(out[i + 1]);
      const char32_t c = lower((first & 0x1Fu) << 6 | (second & 0x3Fu));
      out[i] = static_cast<char>(0xC0 | c >> 6);
      out[++i] = static_cast<char>(0x80 | (c & 0x3F));
    }
  }
  return out;
}

}  // namespace mooring
