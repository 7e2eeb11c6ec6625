#include "mooring/auth/token_cache.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace mooring {

namespace {

std::size_t sets_for(std::size_t entries, std::size_t ways) {
  return entries == 0 ? 0 : std::bit_ceil((entries + ways - 1) / ways);
}

}  // namespace

TokenCache::TokenCache(std::size_t entries) : sets_(sets_for(entries, kWays)) {}

IdentityPtr TokenCache::find(std::string_view token, std::int64_t now_unix_ms) noexcept {
  if (sets_.empty() || token.size() > kCachedTokenBytesMax) return nullptr;
  const Hash128 hash = xxh3_128(as_bytes(token));
  for (Entry& entry : *set_of(hash)) {
    if (entry.hash != hash || entry.identity == nullptr || entry.token != token) continue;
    if (now_unix_ms >= entry.expires_unix_ms) {
      entry = {};
      return nullptr;
    }
    entry.used = ++tick_;
    return entry.identity;
  }
  return nullptr;
}

void TokenCache::insert(std::string_view token, VerifiedToken verified, std::int64_t now_unix_ms) {
  if (sets_.empty() || token.size() > kCachedTokenBytesMax) return;
  // Within the leeway a token is still good, but no longer worth a place.
  if (now_unix_ms >= verified.expires_unix_ms) return;
  const Hash128 hash = xxh3_128(as_bytes(token));
  Set& set = *set_of(hash);
  // The place of the token itself, else one that is free or expired, else the longest unused.
  const auto rank = [&](const Entry& entry) -> std::uint64_t {
    if (entry.identity != nullptr && entry.hash == hash && entry.token == token) return 0;
    if (entry.identity == nullptr || now_unix_ms >= entry.expires_unix_ms) return 1;
    return 1 + entry.used;
  };
  Entry& place = *std::ranges::min_element(set, {}, rank);
  place = Entry{hash, verified.expires_unix_ms, ++tick_, std::string(token),
                std::move(verified.identity)};
}

std::size_t TokenCache::bytes_max(std::size_t entries) noexcept {
  // The entry, the token, and the identity, which holds less text than the token's claims in
  // strings of its own: two names and the scopes, in a vector that may have room for twice as many.
  constexpr std::size_t kIdentityBytesMax =
      sizeof(Identity) + kCachedTokenBytesMax + 2 * kTokenScopesMax * sizeof(std::string);
  return sets_for(entries, kWays) * kWays *
         (sizeof(Entry) + kCachedTokenBytesMax + 1 + kIdentityBytesMax);
}

TokenCache::Set* TokenCache::set_of(const Hash128& hash) noexcept {
  return &sets_[hash.lo & (sets_.size() - 1)];
}

}  // namespace mooring
