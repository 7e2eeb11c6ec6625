// Doctor: will it run well here? The findings behind `mooring doctor` and the start-up log.
//
// Looks and changes nothing: an empty or missing data directory stays as it is. Blocks; any thread
// but a core's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mooring/app/config.h"
#include "mooring/uring/probe.h"

namespace mooring {

/// How many event-loop threads `config` asks for on this machine.
[[nodiscard]] std::uint64_t cores_of(const Config& config);

/// Kernel, io_uring and the limits of this process: what a start looks at.
[[nodiscard]] std::vector<Finding> examine_kernel(const Config& config);

/// Kernel, io_uring, limits, cores, memory, clock, and the file system of `config.data.dir`; of a
/// directory that is not there yet the parent it will be made in.
[[nodiscard]] std::vector<Finding> examine(const Config& config);

/// The wall clock: whether `unix_ms` can be now, and whether the kernel says it is synchronised.
[[nodiscard]] Finding examine_clock(std::int64_t unix_ms);

/// The sum of memory_bound.h held against `available_bytes` of memory.
[[nodiscard]] Finding examine_memory(const Config& config, std::uint64_t available_bytes);

/// "weak   O_DIRECT: not here (…)": grade, what, found, and the cure in brackets.
[[nodiscard]] std::string describe(const Finding& finding);

}  // namespace mooring
