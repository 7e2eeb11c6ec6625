// Token keys: from the configuration and the data directory to what verifies bearer tokens.
#pragma once

#include <expected>
#include <string>

#include "mooring/app/config.h"
#include "mooring/auth/jwt.h"
#include "mooring/auth/refresh_token.h"

namespace mooring {

/// The local issuer's secret (made at the first start) and the configured keys, read from their
/// files. Blocks; at start. The error is a sentence for the operator.
[[nodiscard]] std::expected<TokenVerifier, std::string> load_token_verifier(const Config& config);

/// The configured clients of token refresh, with the local issuer's secret if there are any.
/// Blocks; at start, after load_token_verifier. The error is a sentence for the operator.
[[nodiscard]] std::expected<TokenClients, std::string> load_token_clients(const Config& config);

}  // namespace mooring
