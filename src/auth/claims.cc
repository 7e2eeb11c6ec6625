#include "mooring/auth/claims.h"

#include <algorithm>
#include <array>
#include <memory>

namespace mooring {

namespace {

constexpr std::int64_t kSecondsMax = 253'402'300'799;  // the last second of the year 9999

std::unexpected<Error> refuse(const char* rule) {
  return fail(Errc::unauthenticated, rule);
}

/// The time of claim `name` in seconds; `absent` if there is none; -1 if it is no sane time.
std::int64_t time_of(const JsonValue& claims, std::string_view name, std::int64_t absent) {
  const JsonValue* const value = claims.find(name);
  if (value == nullptr) return absent;
  if (!value->is(JsonKind::integer)) return -1;
  const std::int64_t seconds = value->as_integer();
  return seconds >= 0 && seconds <= kSecondsMax ? seconds : -1;
}

Result<std::int64_t> check_times(const JsonValue& claims, const TokenKey& key,
                                 std::int64_t now_unix_ms) {
  const std::int64_t latest_ms = now_unix_ms + kTokenLeewaySeconds * 1000;
  const std::int64_t expires = time_of(claims, "exp", -1);
  if (expires <= 0) return refuse("exp");
  if (now_unix_ms >= (expires + kTokenLeewaySeconds) * 1000) return refuse("expired");
  if (key.lifetime_seconds_max > 0 && expires - key.lifetime_seconds_max > latest_ms / 1000)
    return refuse("exp too far ahead");
  for (const std::string_view name : {"nbf", "iat"}) {
    const std::int64_t begins = time_of(claims, name, 0);
    if (begins < 0 || begins * 1000 > latest_ms) return refuse("nbf or iat");
  }
  return expires * 1000;
}

bool names_audience(const JsonValue* claim, std::string_view audience) {
  if (claim == nullptr) return false;
  if (claim->is(JsonKind::string)) return claim->as_string() == audience;
  if (!claim->is(JsonKind::array)) return false;
  bool found = false;
  for (const JsonValue& item : claim->items()) {
    if (!item.is(JsonKind::string)) return false;
    found = found || item.as_string() == audience;
  }
  return found;
}

Status check_issuer(const JsonValue& claims, const TokenKey& key) {
  if (!key.issuer.empty()) {
    const std::string* const issuer = claims.find_string("iss");
    if (issuer == nullptr || *issuer != key.issuer) return refuse("iss");
  }
  if (!key.audience.empty() && !names_audience(claims.find("aud"), key.audience))
    return refuse("aud");
  return {};
}

// Keycloak says in a claim `typ` what a token is for, Cognito in `token_use`; hashes of other
// tokens are in ID tokens alone (OpenID Connect Core 3.3.2.11), `events` in logout tokens.
Status check_use(const JsonValue& claims) {
  if (const JsonValue* const type = claims.find("typ"))
    if (!type->is(JsonKind::string) || type->as_string() != "Bearer") return refuse("claim typ");
  if (const JsonValue* const use = claims.find("token_use"))
    if (!use->is(JsonKind::string) || use->as_string() != "access") return refuse("token_use");
  for (const std::string_view name : {"at_hash", "c_hash", "events"})
    if (claims.find(name) != nullptr) return refuse("not an access token");
  return {};
}

bool is_name(const std::string* text) {
  return text != nullptr && !text->empty() && text->size() <= kTokenNameBytesMax &&
         std::ranges::none_of(
             *text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

const std::string* organization_of(const JsonValue& claims) {
  for (const std::string_view name : {"organizationId", "organization", "org"})
    if (claims.find(name) != nullptr) return claims.find_string(name);
  return nullptr;
}

bool add_role(const JsonValue& name, RoleSet& roles) {
  if (!name.is(JsonKind::string)) return false;
  if (const std::optional<Role> role = role_from(name.as_string())) roles.insert(*role);
  return true;
}

Result<RoleSet> roles_of(const JsonValue& claims) {
  RoleSet roles;
  if (const JsonValue* const list = claims.find("roles")) {
    if (!list->is(JsonKind::array)) return refuse("roles");
    for (const JsonValue& name : list->items())
      if (!add_role(name, roles)) return refuse("roles");
  } else if (const JsonValue* const name = claims.find("role")) {
    if (!add_role(*name, roles)) return refuse("role");
  }
  return roles;
}

Result<std::vector<std::string>> scopes_of(const JsonValue& claims) {
  std::vector<std::string> scopes;
  const JsonValue* const claim = claims.find("scope");
  if (claim == nullptr) return scopes;
  if (!claim->is(JsonKind::string)) return refuse("scope");
  std::string_view rest = claim->as_string();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    if (end > 0) scopes.emplace_back(rest.substr(0, end));
    if (scopes.size() > kTokenScopesMax) return refuse("too many scopes");
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return scopes;
}

}  // namespace

Result<VerifiedToken> identity_from_claims(const JsonValue& claims, const TokenKey& key,
                                           std::int64_t now_unix_ms) {
  if (!claims.is(JsonKind::object)) return refuse("claims");
  const Result<std::int64_t> expires_unix_ms = check_times(claims, key, now_unix_ms);
  if (!expires_unix_ms) return std::unexpected(expires_unix_ms.error());
  if (const Status issued = check_issuer(claims, key); !issued)
    return std::unexpected(issued.error());
  if (const Status used = check_use(claims); !used) return std::unexpected(used.error());

  const std::string* const user = claims.find_string("sub");
  if (!is_name(user)) return refuse("sub");
  const std::string* const organization = organization_of(claims);
  if (!is_name(organization)) return refuse("organization");
  const Result<RoleSet> roles = roles_of(claims);
  if (!roles) return std::unexpected(roles.error());
  Result<std::vector<std::string>> scopes = scopes_of(claims);
  if (!scopes) return std::unexpected(scopes.error());

  return VerifiedToken{std::make_shared<const Identity>(Identity{.user = *user,
                                                                 .organization = *organization,
                                                                 .roles = *roles,
                                                                 .scopes = *std::move(scopes),
                                                                 .caller = Caller::bearer}),
                       *expires_unix_ms};
}

}  // namespace mooring
