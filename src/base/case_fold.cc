#include "mooring/base/case_fold.h"

#include <algorithm>

#include "case_fold_table.h"

namespace mooring {
namespace {

constexpr char ascii_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool is_ascii(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x80;
}

char32_t decode(std::string_view bytes) noexcept {
  constexpr char32_t kLeadBits[] = {0x7f, 0x1f, 0x0f, 0x07};
  char32_t value = static_cast<unsigned char>(bytes[0]) & kLeadBits[bytes.size() - 1];
  for (const char c : bytes.substr(1)) value = value << 6 | (static_cast<unsigned char>(c) & 0x3f);
  return value;
}

void append(std::string& text, char32_t value) {
  const auto continuation = [value](int shift) {
    return static_cast<char>(0x80 | ((value >> shift) & 0x3f));
  };
  if (value < 0x80) {
    text += static_cast<char>(value);
  } else if (value < 0x800) {
    text += static_cast<char>(0xc0 | value >> 6);
    text += continuation(0);
  } else if (value < 0x10000) {
    text += static_cast<char>(0xe0 | value >> 12);
    text += continuation(6);
    text += continuation(0);
  } else {
    text += static_cast<char>(0xf0 | value >> 18);
    text += continuation(12);
    text += continuation(6);
    text += continuation(0);
  }
}

}  // namespace

char32_t fold_case(char32_t code_point) noexcept {
  const auto value = static_cast<std::int32_t>(code_point);
  const auto run = std::ranges::lower_bound(kCaseFoldRuns, value, {}, &CaseFoldRun::last);
  if (run == kCaseFoldRuns.end() || value < run->first || (value - run->first) % run->step != 0)
    return code_point;
  return static_cast<char32_t>(value + run->delta);
}

std::size_t code_point_bytes(char lead) noexcept {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte < 0xc0) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}

std::string fold_case(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  while (!text.empty()) {
    if (is_ascii(text.front())) {
      folded += ascii_lower(text.front());
      text.remove_prefix(1);
      continue;
    }
    const std::size_t bytes = std::min(code_point_bytes(text.front()), text.size());
    if (bytes == 1)
      folded += text.front();
    else
      append(folded, fold_case(decode(text.substr(0, bytes))));
    text.remove_prefix(bytes);
  }
  return folded;
}

}  // namespace mooring
