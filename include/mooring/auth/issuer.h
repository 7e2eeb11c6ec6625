// The local issuer: the tokens of `mooring token`, signed with the secret of the data directory.
//
// The secret is the whole content of `data/secret`, byte for byte: 43 base64url characters made of
// 32 random bytes, without a newline, so that any JWT library can be handed the file. Who can read
// it can be anyone; so it is 0600 and a wider mode stops the start. At start and in the command
// line only: blocks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/auth/jwt.h"
#include "mooring/base/result.h"

namespace mooring {

inline constexpr std::string_view kLocalIssuer = "mooring";  ///< `iss` and `kid` of local tokens
inline constexpr std::string_view kSecretFileName = "secret";
inline constexpr std::size_t kSecretBytesMax = 1_KiB;
inline constexpr std::int64_t kTokenLifetimeSeconds = 60 * 60;

/// The secret of `data_dir`. Errc::not_found when there is none yet; Errc::forbidden when group or
/// others have any right on it, or it belongs to somebody else; Errc::corrupt when it is no plain
/// file of 32 to 1024 bytes; io_error.
[[nodiscard]] Result<std::string> load_secret(const std::filesystem::path& data_dir);

/// As load_secret, and makes the secret when there is none: written under another name, synced,
/// linked, the directory synced. Two processes that do so at once end up with one secret. What a
/// process left that died over this is removed.
[[nodiscard]] Result<std::string> load_or_create_secret(const std::filesystem::path& data_dir);

/// The entry of the local issuer for the TokenVerifier. Its tokens may live as long as they were
/// given.
[[nodiscard]] TokenKey local_token_key(std::string secret);

struct TokenRequest {
  std::string subject;
  std::string organization;
  std::vector<std::string> roles = {};  ///< any names: the verifier drops those it does not know
  std::vector<std::string> scopes = {};
  std::int64_t lifetime_seconds = kTokenLifetimeSeconds;
};

/// A signed token that is good from `now_unix_ms` on. Errc::invalid: an empty or unprintable name,
/// a scope with a space or quote in it (RFC 6749 3.3), a lifetime not above zero, or too long a
/// token.
[[nodiscard]] Result<std::string> mint_token(const TokenRequest& request, std::string_view secret,
                                             std::int64_t now_unix_ms);

}  // namespace mooring
