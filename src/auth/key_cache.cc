#include "mooring/auth/key_cache.h"

#include <bit>
#include <cstring>
#include <utility>

#include "mooring/base/uuid.h"

namespace mooring {

namespace {

// Two names of at most 255 bytes, in the identity and in the strings it was made of.
constexpr std::size_t kIdentityTextBytesMax = 4 * 256;

std::size_t places_for(std::size_t entries) {
  return entries == 0 ? 0 : std::bit_ceil(entries);
}

}  // namespace

KeyCache::KeyCache(std::size_t entries) : entries_(places_for(entries)) {
  random_bytes(salt_);
}

// Salt, caller and the length of the key before both texts: no two credentials give the same bytes.
std::optional<Hash128> KeyCache::print_of(const KeyCredentials& shown) const noexcept {
  const std::size_t text_bytes = shown.key.size() + shown.authorization.size();
  if (entries_.empty() || text_bytes > kCachedCredentialBytesMax) return std::nullopt;
  std::array<std::byte, sizeof salt_ + 3 + kCachedCredentialBytesMax> bytes;
  std::byte* end = bytes.data();
  const auto append = [&end](const void* from, std::size_t size) {
    if (size > 0) std::memcpy(end, from, size);
    end += size;
  };
  const auto key_bytes = static_cast<std::uint16_t>(shown.key.size());
  append(salt_.data(), salt_.size());
  append(&shown.caller, 1);
  append(&key_bytes, sizeof key_bytes);
  append(shown.key.data(), shown.key.size());
  append(shown.authorization.data(), shown.authorization.size());
  return xxh3_128(Bytes(bytes.data(), end));
}

IdentityPtr KeyCache::find(const KeyCredentials& shown, std::uint64_t generation,
                           std::int64_t now_ms) const noexcept {
  const std::optional<Hash128> print = print_of(shown);
  if (!print) return nullptr;
  const Entry& entry = entries_[print->lo & (entries_.size() - 1)];
  const bool holds = entry.print == *print && entry.generation == generation;
  return holds && now_ms < entry.due_ms ? entry.identity : nullptr;
}

void KeyCache::insert(const KeyCredentials& shown, std::uint64_t generation, std::int64_t due_ms,
                      IdentityPtr identity) noexcept {
  const std::optional<Hash128> print = print_of(shown);
  if (!print) return;
  entries_[print->lo & (entries_.size() - 1)] =
      Entry{*print, generation, due_ms, std::move(identity)};
}

std::size_t KeyCache::bytes_max(std::size_t entries) noexcept {
  return places_for(entries) * (sizeof(Entry) + sizeof(Identity) + kIdentityTextBytesMax);
}

}  // namespace mooring
