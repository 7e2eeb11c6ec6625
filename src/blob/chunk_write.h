// A chunk's bytes into a file, by the best way the file system has.
#pragma once

#include <cstdint>

#include "mooring/base/result.h"
#include "mooring/core/core.h"
#include "mooring/core/task.h"
#include "mooring/uring/chunk_pool.h"
#include "mooring/uring/file.h"

namespace mooring {

/// Writes the first `size_bytes` of `chunk`; size and offset are multiples of 4 KiB. Direct:
/// through the ring, from registered memory where it is registered. Buffered: on a worker (ext4
/// would punt a ring write to a kernel thread anyway), which starts the write-back at once.
/// Completes when all is written; a short count that makes no progress is no_space.
[[nodiscard]] Task<Status> write_chunk_to(Core& core, Caching caching, int fd,
                                          const ChunkLease& chunk, std::size_t size_bytes,
                                          std::uint64_t offset_bytes);

}  // namespace mooring
