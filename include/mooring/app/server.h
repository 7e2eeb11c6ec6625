// The server: from a configuration to a process that answers, and back.
//
// run_serve reads like the life of the process: look at the machine, open the store, repair what a
// crash left, start the cores, say "ready", wait for the signal to stop, drain, close.
#pragma once

#include "mooring/app/config.h"

namespace mooring {

/// Serves until SIGTERM or SIGINT, then drains. Returns the exit code (app/exit_code.h). Called
/// once, on the main thread, before any other thread exists.
[[nodiscard]] int run_serve(const Config& config);

}  // namespace mooring
