// No token but those that were minted is accepted; no claims, even if signed, make an identity that
// breaks its invariants.

#include "mooring/auth/jwt.h"

#include <algorithm>
#include <array>

#include "fuzz/fuzz.h"
#include "mooring/auth/claims.h"
#include "mooring/auth/issuer.h"

namespace {

using namespace mooring;

constexpr std::int64_t kNow = 1'740'657'600'000;
constexpr std::string_view kSecret = "a secret for this fuzz target and no other";

struct Setting {
  TokenVerifier verifier = *TokenVerifier::make({local_token_key(std::string(kSecret))});
  std::array<std::string, 2> tokens = {
      *mint_token({.subject = "u", .organization = "o", .roles = {"admin"}}, kSecret, kNow),
      *mint_token({.subject = "user-1",
                   .organization = "org-5678",
                   .roles = {"producer-user", "x"},
                   .scopes = {"a", "b"},
                   .lifetime_seconds = 77},
                  kSecret, kNow)};
};

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kTokenNameBytesMax &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

void check_claims(std::string_view text) {
  const Result<JsonValue> claims = parse_json(text);
  if (!claims) return;
  const TokenKey key = {.issuer = "i", .audience = "a"};
  const Result<VerifiedToken> token = identity_from_claims(*claims, key, kNow);
  if (!token) {
    MOORING_CHECK(token.error().code == Errc::unauthenticated, "another error");
    return;
  }
  const Identity& who = *token->identity;
  MOORING_CHECK(is_name(who.user) && is_name(who.organization), "a name that is none");
  MOORING_CHECK(who.scopes.size() <= kTokenScopesMax, "too many scopes");
  for (const std::string& scope : who.scopes)
    MOORING_CHECK(!scope.empty() && scope.find(' ') == std::string::npos, "a scope in two");
  MOORING_CHECK(token->expires_unix_ms > kNow - kTokenLeewaySeconds * 1000, "expired");
  MOORING_CHECK(
      token->expires_unix_ms <= kNow + (key.lifetime_seconds_max + kTokenLeewaySeconds) * 1000,
      "good for too long");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Setting setting;
  const std::string_view input = fuzz_text(data, size);
  const bool accepted = setting.verifier.verify(input, kNow).has_value();
  const bool minted = std::ranges::find(setting.tokens, input) != setting.tokens.end();
  MOORING_CHECK(accepted == minted, "a token that nobody minted, or one that was minted refused");
  check_claims(input);
  return 0;
}
