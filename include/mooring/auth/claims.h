// Claims: what a token with a right signature says, held against its key's entry (RFC 7519 section
// 4).
//
// Pure: JSON and a time in, an identity or a refusal out. Rules T6 to T9 of auth/jwt.h. Names of
// claims:
//
//   sub                                        -> user
//   organizationId, organization, org          -> organization; the first that is there
//   roles (array of strings), role (string)    -> roles; `roles` wins; unknown names are dropped
//   scope (string, names separated by spaces)  -> scopes
//
// A claim of another type than here is refused, not ignored.
#pragma once

#include <cstdint>

#include "mooring/auth/jwt.h"
#include "mooring/base/json_reader.h"
#include "mooring/base/result.h"

namespace mooring {

/// `claims` must be an object; every refusal is Errc::unauthenticated.
[[nodiscard]] Result<VerifiedToken> identity_from_claims(const JsonValue& claims,
                                                         const TokenKey& key,
                                                         std::int64_t now_unix_ms);

}  // namespace mooring
