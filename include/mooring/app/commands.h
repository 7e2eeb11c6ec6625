// Commands: what `mooring` does besides serving. Each prints to standard output, says what went
// wrong on standard error, and returns an exit code (exit_code.h). They run on the main thread and
// block.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mooring/app/check.h"
#include "mooring/auth/issuer.h"

namespace mooring {

struct TokenOptions {
  std::string data_dir = "./data";
  TokenRequest request = {};
};

/// Prints a token signed with the data directory's secret. Works beside a running server. 64: a
/// name or a lifetime that cannot be; 78: no secret, or one that others could read.
[[nodiscard]] int run_token(const TokenOptions& options);

struct DoctorOptions {
  std::optional<std::string> config_file = {};
  std::optional<std::string> data_dir = {};  ///< wins over the file
};

/// Prints one line per finding. 0 unless one is fatal: then 70. 78: the file is wrong.
[[nodiscard]] int run_doctor(const DoctorOptions& options);

struct CheckOptions {
  std::string data_dir = "./data";
  CheckDepth depth = CheckDepth::names;
};

/// Proves V8 of a store that no server uses: prints each problem, then the counts. 71: there are
/// problems, or it cannot be opened for damage; 75: a server uses it; 78: there is no store; 70:
/// it cannot be read.
[[nodiscard]] int run_check(const CheckOptions& options);

/// Prints "mooring 0.1.0".
[[nodiscard]] int run_version();

}  // namespace mooring
