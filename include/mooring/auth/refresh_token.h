// Refresh tokens: what a client trades for a new access token, once each.
//
// A refresh token names its family (all that came from one first token), its generation in it and
// when it was issued, under a MAC by the secret of the data directory (auth/issuer.h) that binds it
// to one client. So it can be issued beside a running server, the catalogue keeps nothing that
// could be stolen (catalog/refresh.h: only which generation of a family is good), and another
// secret ends all of them.
//
//   base64url(family 16 | generation 8 | issued_ms 8) "." base64url(HMAC-SHA-256)
//
// The text under the MAC begins with a label that no JWT can begin with, so neither kind of token
// passes for the other. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/result.h"
#include "mooring/base/uuid.h"

namespace mooring {

/// How long a refresh token is good when it is not used; each use issues one that is new [D].
inline constexpr std::int64_t kRefreshLifetimeMs = 90LL * 24 * 60 * 60 * 1000;

/// Who may refresh tokens ([[auth.clients]]), and what its access tokens say.
struct TokenClient {
  std::string id;
  std::string secret;
  std::string organization;
  std::string user;
  std::vector<std::string> scopes;
};

/// All clients, and the secret of the local issuer that signs what they get.
struct TokenClients {
  std::vector<TokenClient> all;
  std::string issuer_secret;
};

struct RefreshToken {
  Uuid family;
  std::uint64_t generation = 0;  ///< 0: the family's first
  std::int64_t issued_ms = 0;    ///< wall time
  friend bool operator==(const RefreshToken&, const RefreshToken&) = default;
};

[[nodiscard]] std::string mint_refresh_token(const RefreshToken& token, std::string_view client_id,
                                             std::string_view issuer_secret);

/// unauthenticated: not one of ours, of another client, or older than kRefreshLifetimeMs. Whether
/// its generation is still good is the catalogue's to say.
[[nodiscard]] Result<RefreshToken> read_refresh_token(std::string_view text,
                                                      std::string_view client_id,
                                                      std::string_view issuer_secret,
                                                      std::int64_t now_unix_ms);

/// The client that `authorization` (the value of the field: `Basic` and base64 of id:secret, RFC
/// 7617) proves to be; null if it is none. The time does not depend on where a secret differs.
[[nodiscard]] const TokenClient* find_token_client(std::span<const TokenClient> clients,
                                                   std::string_view authorization);

}  // namespace mooring
