#include <fmt/format.h>

#include "mooring/app/commands.h"
#include "mooring/app/exit_code.h"
#include "mooring/auth/refresh_token.h"
#include "mooring/base/clock.h"

namespace mooring {

int run_token(const TokenOptions& options) {
  const Result<std::string> secret = load_secret(options.data_dir);
  if (!secret) {
    const char* hint =
        secret.error().code == Errc::not_found ? " (the first `mooring serve` makes it)" : "";
    fmt::print(stderr, "mooring token: {}/{}: {}{}\n", options.data_dir, kSecretFileName,
               describe(secret.error()), hint);
    return secret.error().code == Errc::io_error ? kExitIoError : kExitConfiguration;
  }
  if (options.refresh_client_id) {
    const RefreshToken first{new_uuid(), 0, wall_ms()};
    fmt::print("{}\n", mint_refresh_token(first, *options.refresh_client_id, *secret));
    return kExitOk;
  }
  const Result<std::string> token = mint_token(options.request, *secret, wall_ms());
  if (!token) {
    fmt::print(stderr, "mooring token: {}\n", describe(token.error()));
    return token.error().code == Errc::invalid ? kExitUsage : kExitIoError;
  }
  fmt::print("{}\n", *token);
  return kExitOk;
}

}  // namespace mooring
