// Usable memory: how much there is for this process, by the machine and by its control group.
#pragma once

#include <cstdint>

#include "mooring/app/config.h"

namespace mooring {

/// The machine's memory, or the least memory.max of the process's control group (v2) and of those
/// above it. Reads a few small files: at start, not on a core's thread.
[[nodiscard]] std::uint64_t usable_memory_bytes();

/// `config` with its cache of contents cut to an eighth of `usable_bytes`: the kernel cannot take
/// that memory back while the server runs.
[[nodiscard]] Config fitted_to_memory(Config config, std::uint64_t usable_bytes);

}  // namespace mooring
