#include "mooring/auth/bearer.h"

#include <algorithm>

namespace mooring {

namespace {

constexpr std::string_view kScheme = "bearer ";
constexpr const char* kNoToken = "no bearer token";

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// RFC 7235: token68 without the padding at its end.
constexpr bool is_token68(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~' || c == '+' || c == '/';
}

}  // namespace

Result<std::string_view> bearer_token(std::string_view authorization) {
  if (authorization.size() <= kScheme.size() ||
      !std::ranges::equal(authorization.substr(0, kScheme.size()), kScheme, {}, lower))
    return fail(Errc::unauthenticated, kNoToken);
  const std::string_view token = authorization.substr(kScheme.size());
  const std::size_t padding_at = token.find_last_not_of('=') + 1;
  if (padding_at == 0 || !std::ranges::all_of(token.substr(0, padding_at), is_token68))
    return fail(Errc::unauthenticated, "not one token");
  return token;
}

bool is_missing_token(const Error& error) noexcept {
  return error.code == Errc::unauthenticated && error.where == kNoToken;
}

Result<IdentityPtr> authenticate_bearer(std::string_view authorization,
                                        const TokenVerifier& verifier, TokenCache& cache,
                                        std::int64_t now_unix_ms) {
  const Result<std::string_view> token = bearer_token(authorization);
  if (!token) return std::unexpected(token.error());
  if (IdentityPtr known = cache.find(*token, now_unix_ms)) return known;
  Result<VerifiedToken> verified = verifier.verify(*token, now_unix_ms);
  if (!verified) return std::unexpected(verified.error());
  IdentityPtr identity = verified->identity;
  cache.insert(*token, *std::move(verified), now_unix_ms);
  return identity;
}

}  // namespace mooring
