// TokenVerifier: turns a JSON Web Token into an Identity, or into nothing (RFC 7519, RFC 8725).
//
// The keys are fixed when the verifier is made: key -> (algorithm, issuer, audience). A token only
// selects a key *inside* that set and never says how it wants to be checked. Made once at start,
// const from then on, shared by all cores: `verify` may run on any thread and blocks on nothing but
// its own arithmetic (microseconds for HS256, tens of them for RS256 and ES256; auth/token_cache.h
// spares most of it).
//
// Every refusal is Errc::unauthenticated; `where` names the rule for the log, never for the client.
//
// A token passes when all of this holds; the order is the order of the checks:
//   T1  at most kTokenBytesMax, exactly three non-empty parts of canonical base64url: no padding,
//   no
//       white space, no bits left over (J11, J12);
//   T2  the head is a strict JSON object: no key twice, no deep nesting, valid UTF-8 (J17, J18);
//   T3  no `crit`, `b64`, `zip` in it; `typ` absent, "JWT" or "at+jwt" (J15, J16, J23);
//   T4  `kid` selects one key and `alg` is exactly that key's (J01-J07, J14);
//   T5  the signature is right (J08, J09); from here on the text is the issuer's, not a stranger's;
//   T6  the claims are a strict JSON object; `exp` is there, an integer, not past, not further
//   ahead
//       than the key allows; `nbf` and `iat` are not in the future; all with kTokenLeewaySeconds
//       (J17-J20, J27);
//   T7  `iss` and `aud` are what the key's entry says, where it says something (J21, J22);
//   T8  it is an access token: not an ID, refresh or logout token by its claims (J23);
//   T9  it names a user (`sub`) and an organization, in the types of auth/claims.h (J24).
// Other names in the head, such as `jku` or `x5c`, are not looked at (J13).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/auth/identity.h"
#include "mooring/auth/signature.h"
#include "mooring/base/bytes.h"
#include "mooring/base/result.h"

namespace mooring {

inline constexpr std::size_t kTokenBytesMax = 8_KiB;
inline constexpr std::int64_t kTokenLeewaySeconds = 60;
inline constexpr std::size_t kTokenScopesMax = 64;      ///< more are refused: bounds an Identity
inline constexpr std::size_t kTokenNameBytesMax = 255;  ///< of `sub` and the organization

struct TokenKey {
  /// Tokens select the key by it. A token without `kid` selects the only key of the set, or the
  /// only one that has an empty kid.
  std::string kid = {};
  TokenAlgorithm algorithm = TokenAlgorithm::hs256;
  /// HS256: the secret's bytes. RS256, ES256: a PEM public key ("-----BEGIN PUBLIC KEY-----").
  std::string material = {};
  std::string issuer = {};    ///< empty: `iss` is not looked at
  std::string audience = {};  ///< empty: `aud` is not looked at
  /// How far ahead `exp` may lie; 0: as far as the issuer likes.
  std::int64_t lifetime_seconds_max = 24 * 60 * 60;
};

/// Why a set of keys is refused at start: which key, and a sentence for the operator.
struct TokenKeyError {
  std::size_t index;
  std::string reason;
};

struct VerifiedToken {
  IdentityPtr identity;
  std::int64_t expires_unix_ms;  ///< `exp`: until then the same token may be taken from a cache
};

class TokenVerifier {
 public:
  /// Refused: secrets under 32 bytes or that are PEM, RSA under 2048 bits or with an exponent under
  /// 65537, curves other than P-256, private or unreadable PEM, one kid twice (J06, J09).
  [[nodiscard]] static std::expected<TokenVerifier, TokenKeyError> make(std::vector<TokenKey> keys);

  /// `now_unix_ms`: wall time. An empty set of keys refuses every token.
  [[nodiscard]] Result<VerifiedToken> verify(std::string_view token,
                                             std::int64_t now_unix_ms) const;

 private:
  struct Key {
    TokenKey entry;  // without its material
    SignatureKey signature;
  };
  TokenVerifier() = default;
  [[nodiscard]] const Key* select(const std::string* kid) const noexcept;

  std::vector<Key> keys_;
};

}  // namespace mooring
