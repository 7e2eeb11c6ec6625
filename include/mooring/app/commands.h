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
  /// Instead of an access token: the first refresh token of this client ([[auth.clients]]).
  std::optional<std::string> refresh_client_id = {};
};

/// Prints a token signed with the data directory's secret. Works beside a running server. 64: a
/// name or a lifetime that cannot be; 78: no secret, or one that others could read.
[[nodiscard]] int run_token(const TokenOptions& options);

struct KeyOptions {
  enum class Verb : std::uint8_t { create, list, revoke };
  Verb verb = Verb::list;
  std::string data_dir = "./data";
  std::string id = {};                         ///< revoke: which
  std::optional<std::string> kind = {};        ///< create, list: as name_of(KeyKind) writes it
  std::optional<std::string> owner = {};       ///< create, list
  std::optional<std::string> company_id = {};  ///< create, list
  std::optional<std::string> name = {};        ///< create
};

/// API keys, beside a running server (through its admin socket) and without one. `create` prints
/// the key alone: it is shown this once. `list` prints one line per key, fields separated by tabs,
/// never a secret. 64: what was asked cannot be, or there is no such key; 70: the store cannot be
/// read or written; 71: it is damaged; 75: a process has the store that does not answer; 78: there
/// is no store, or it is another user's.
[[nodiscard]] int run_key(const KeyOptions& options);

struct ImportOptions {
  std::string data_dir = "./data";
  std::string organization = {};   ///< whose everything will be
  std::string subject = "import";  ///< who made it, by the records
  std::string file = "-";          ///< NDJSON (import_line.h); "-": standard input
};

/// Stores assets, categories and documents in a store that no server uses, batch by batch, and
/// prints how many and how fast. 64: a line that cannot be, or no such file; what came before it
/// stays. 70: it cannot be written; 71, 75, 78 as a start of the server.
[[nodiscard]] int run_import(const ImportOptions& options);

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

struct BackupOptions {
  std::string data_dir = "./data";
  std::string target = {};  ///< the directory that will hold the backup: absent or empty
};

/// Backs the store up, beside a running server (through its admin socket) and without one, and
/// prints what was done (app/backup.h). 64: the target holds something; 70: it failed, the target
/// says INCOMPLETE; 71: the store is damaged: the backup holds the rest; 75: a process has the
/// store that does not answer, or makes a backup already; 78: there is no store.
[[nodiscard]] int run_backup(const BackupOptions& options);

struct RestoreOptions {
  std::string data_dir = "./data";  ///< absent or empty
  std::string backup = {};
};

/// Makes a data directory from a backup, on stable storage when it ends. 64: the data directory
/// holds something; 70: it failed; 71: the backup never ended; 75: a process uses the backup; 78:
/// that is no backup.
[[nodiscard]] int run_restore(const RestoreOptions& options);

/// Prints every route: method, pattern, family, policy. For tests of the whole table.
[[nodiscard]] int run_routes();

/// Prints every name that tests/crash can arm (base/fault.h). 78: this build cannot be armed.
[[nodiscard]] int run_faults();

/// Prints "mooring 0.1.0".
[[nodiscard]] int run_version();

}  // namespace mooring
