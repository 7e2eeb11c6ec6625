#include "mooring/auth/issuer.h"

#include <jwt.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "mooring/base/json_writer.h"

namespace mooring {

namespace {

constexpr std::int64_t kLifetimeSecondsMax = 100LL * 366 * 24 * 60 * 60;

struct JwtFree {
  void operator()(jwt_t* token) const noexcept { jwt_free(token); }
};
using JwtPtr = std::unique_ptr<jwt_t, JwtFree>;

struct TextFree {
  void operator()(char* text) const noexcept { std::free(text); }
};
using TextPtr = std::unique_ptr<char, TextFree>;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kTokenNameBytesMax &&
         std::ranges::none_of(
             text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// RFC 6749 3.3: printable ASCII without space, quote and backslash.
bool is_scope(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
}

std::string claims_of(const TokenRequest& request, std::int64_t now_seconds) {
  std::string scope;
  for (const std::string& name : request.scopes)
    scope.append(scope.empty() ? "" : " ").append(name);
  JsonWriter json;
  json.begin_object();
  json.field("iss", kLocalIssuer).field("sub", std::string_view(request.subject));
  json.field("organizationId", std::string_view(request.organization));
  json.key("roles").begin_array();
  for (const std::string& role : request.roles) json.value(std::string_view(role));
  json.end_array();
  if (!scope.empty()) json.field("scope", std::string_view(scope));
  json.field("iat", now_seconds).field("exp", now_seconds + request.lifetime_seconds);
  json.end_object();
  return json.take();
}

Result<std::string> sign(const std::string& claims, std::string_view secret) {
  jwt_t* made = nullptr;
  if (jwt_new(&made) != 0) return fail(Errc::internal, "jwt_new");
  const JwtPtr token(made);
  const std::string kid(kLocalIssuer);
  if (jwt_add_header(token.get(), "kid", kid.c_str()) != 0 ||
      jwt_add_grants_json(token.get(), claims.c_str()) != 0)
    return fail(Errc::invalid, "a name that is not UTF-8");
  if (jwt_set_alg(token.get(), JWT_ALG_HS256, reinterpret_cast<const unsigned char*>(secret.data()),
                  static_cast<int>(secret.size())) != 0)
    return fail(Errc::internal, "jwt_set_alg");
  const TextPtr text(jwt_encode_str(token.get()));
  if (!text) return fail(Errc::internal, "jwt_encode_str");
  return std::string(text.get());
}

}  // namespace

Result<std::string> mint_token(const TokenRequest& request, std::string_view secret,
                               std::int64_t now_unix_ms) {
  if (!is_name(request.subject)) return fail(Errc::invalid, "subject");
  if (!is_name(request.organization)) return fail(Errc::invalid, "organization");
  if (!std::ranges::all_of(request.roles, is_name)) return fail(Errc::invalid, "role");
  if (request.scopes.size() > kTokenScopesMax || !std::ranges::all_of(request.scopes, is_scope))
    return fail(Errc::invalid, "scope");
  if (request.lifetime_seconds <= 0 || request.lifetime_seconds > kLifetimeSecondsMax)
    return fail(Errc::invalid, "lifetime");
  Result<std::string> token = sign(claims_of(request, now_unix_ms / 1000), secret);
  if (token && token->size() > kTokenBytesMax) return fail(Errc::invalid, "too long a token");
  return token;
}

TokenKey local_token_key(std::string secret) {
  return TokenKey{.kid = std::string(kLocalIssuer),
                  .algorithm = TokenAlgorithm::hs256,
                  .material = std::move(secret),
                  .issuer = std::string(kLocalIssuer),
                  .lifetime_seconds_max = 0};
}

}  // namespace mooring
