// The Authorization header of a bearer token (RFC 6750 section 2.1), and the answer when it is not
// good.
//
// A token comes in this header and nowhere else: never in the query, a cookie or a body (J28).
#pragma once

#include <cstdint>
#include <string_view>

#include "mooring/auth/identity.h"
#include "mooring/auth/jwt.h"
#include "mooring/auth/token_cache.h"
#include "mooring/base/result.h"

namespace mooring {

/// Values of WWW-Authenticate for 401 (X6): no usable credential was sent; one was sent and
/// refused.
inline constexpr std::string_view kChallenge = "Bearer";
inline constexpr std::string_view kChallengeInvalidToken = R"(Bearer error="invalid_token")";

/// The token of `authorization`, the value of the request's only Authorization field (its absence
/// is an empty value): the scheme in any case, one space, one token68 and nothing else. A view into
/// it. Else Errc::unauthenticated. A request with two such fields never comes here: it is a bad
/// head.
[[nodiscard]] Result<std::string_view> bearer_token(std::string_view authorization);

/// Whether a refusal of the two functions here means that no bearer token was sent at all, rather
/// than a bad one: some APIs tell the two apart (I18).
[[nodiscard]] bool is_missing_token(const Error& error) noexcept;

/// Header in, caller out: bearer_token, then `cache`, then `verifier` and a new entry in the cache.
/// On the core that owns `cache`.
[[nodiscard]] Result<IdentityPtr> authenticate_bearer(std::string_view authorization,
                                                      const TokenVerifier& verifier,
                                                      TokenCache& cache, std::int64_t now_unix_ms);

}  // namespace mooring
