// Runner: a scenario from its first connection to its results.
#pragma once

#include <cstdint>
#include <string>

#include "load/scenario.h"
#include "load/statistics.h"
#include "mooring/base/result.h"

namespace mooring {

/// Whether a line on standard error tells how the run is doing.
enum class Progress : std::uint8_t { silent, live };

/// Runs `scenario`, which has no contradiction, on threads of its own and waits for their end.
/// Ctrl-C ends it early, with the results so far. Errors: the target is no address, no io_uring.
[[nodiscard]] Result<Results> run_scenario(const Scenario& scenario, Progress progress);

}  // namespace mooring
