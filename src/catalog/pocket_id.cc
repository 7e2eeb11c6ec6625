#include "mooring/catalog/pocket_id.h"

#include <algorithm>
#include <span>

#include "mooring/base/uuid.h"

namespace mooring {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
static_assert(kAlphabet.size() == 64);

}  // namespace

PocketId new_pocket_id() noexcept {
  PocketId id;
  std::array<std::byte, kPocketIdChars> random;
  random_bytes(random);
  std::ranges::transform(random, id.characters.begin(), [](std::byte byte) {
    return kAlphabet[std::to_integer<std::size_t>(byte) % kAlphabet.size()];
  });
  return id;
}

std::optional<PocketId> parse_pocket_id(std::string_view text) noexcept {
  if (text.size() != kPocketIdChars) return {};
  if (text.find_first_not_of(kAlphabet) != text.npos) return {};
  PocketId id;
  std::ranges::copy(text, id.characters.begin());
  return id;
}

}  // namespace mooring
