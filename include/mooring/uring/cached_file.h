// What of a file is in memory: opened and read at once, or not at all.
//
// The calls of this header never wait for a disk, so a core may make them itself: what the kernel
// would have to wait for it refuses, and the caller goes the long way (a worker for names, the ring
// for bytes). For what is in memory the short way is cheaper: a hand-over to a worker and back
// costs 22 to 28 µs of CPU, an open from the kernel's name cache about 1 µs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "mooring/base/bytes.h"
#include "mooring/uring/fd.h"

namespace mooring {

/// Opens a file for reading through the page cache if its name and inode are in memory
/// (RESOLVE_CACHED). Nothing if they are not, or if anything else is in the way: the long way knows
/// the reason.
[[nodiscard]] std::optional<Fd> open_cached(int directory_fd, const std::string& name) noexcept;

/// Fills `into` as far as the bytes from `offset_bytes` on are in the page cache (RWF_NOWAIT):
/// how many bytes. Fewer than asked for: the next one is not in memory, cannot be read, or is
/// behind the end.
[[nodiscard]] std::size_t read_cached(int fd, MutableBytes into,
                                      std::uint64_t offset_bytes) noexcept;

/// From now on reads of this descriptor pass the page cache by (O_DIRECT): offsets, sizes and
/// memory have to be aligned to kBlockBytes. False if the file system cannot.
[[nodiscard]] bool bypass_cache(int fd) noexcept;

/// Reads of this descriptor are of single places: the kernel reads nothing ahead. A hint.
void expect_single_reads(int fd) noexcept;

}  // namespace mooring
