// Opening the store: directory, catalogue, repair of what a crash left, blobs. In that order.
//
// Blocking, on the main thread before the first core. Nothing is served before it has completed,
// and nothing that cannot be understood is changed.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "mooring/app/config.h"
#include "mooring/blob/store.h"
#include "mooring/catalog/database.h"

namespace mooring {

struct OpenedStore {
  std::unique_ptr<BlobStore> blobs;
  std::unique_ptr<Database> database;
};

/// Why a start ends here: for the log and the supervisor.
struct StartError {
  int exit_code = 0;
  std::string message;  ///< what, why, and the cure
};

/// `on_io_error` is called, on any thread and at any later time, when a sync or a write of the
/// store failed for good: it must end the process.
[[nodiscard]] std::expected<OpenedStore, StartError> open_store(
    const Config& config, std::function<void(const Error&)> on_io_error);

/// "what: error; cure" with the exit code that belongs to `error`.
[[nodiscard]] StartError start_error(const std::string& what, const Error& error);

}  // namespace mooring
