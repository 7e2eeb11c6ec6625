#include "mooring/base/blob_id.h"

#include <fmt/format.h>

#include <charconv>

namespace mooring {

namespace {

constexpr std::size_t kWordDigits = 16;

// Sixteen lower-case hex digits.
std::optional<std::uint64_t> parse_word(std::string_view text) noexcept {
  for (const char c : text)
    if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) return std::nullopt;
  std::uint64_t word = 0;
  std::from_chars(text.data(), text.data() + text.size(), word, 16);
  return word;
}

}  // namespace

std::string to_string(const BlobId& id) {
  if (id.ordinal == 0) return to_hex(id.hash);
  return fmt::format("{}-{}", to_hex(id.hash), id.ordinal);
}

std::optional<BlobId> parse_blob_id(std::string_view text) noexcept {
  if (text.size() < 2 * kWordDigits) return std::nullopt;
  const std::optional<std::uint64_t> hi = parse_word(text.substr(0, kWordDigits));
  const std::optional<std::uint64_t> lo = parse_word(text.substr(kWordDigits, kWordDigits));
  if (!hi || !lo) return std::nullopt;
  BlobId id{{*hi, *lo}, 0};
  std::string_view rest = text.substr(2 * kWordDigits);
  if (rest.empty()) return id;
  if (rest.size() < 2 || rest[0] != '-' || rest[1] == '0') return std::nullopt;
  rest.remove_prefix(1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), id.ordinal);
  if (error != std::errc{} || end != rest.data() + rest.size()) return std::nullopt;
  return id;
}

}  // namespace mooring
