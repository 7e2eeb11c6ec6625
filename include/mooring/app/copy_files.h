// Copying files between directories, for backup and restore.
//
// Blocking; not on a core's thread. Nothing here is durable by itself: sync_file_system
// (uring/file) at the end makes all of it so at once.
#pragma once

#include <cstdint>
#include <string>

#include "mooring/base/result.h"

namespace mooring {

/// What was done, added up.
struct CopyCounts {
  std::uint64_t linked_files = 0;
  std::uint64_t copied_files = 0;
  std::uint64_t copied_bytes = 0;
};

/// Whether a file may share its bytes with the original, where both lie on one file system.
enum class Sharing : std::uint8_t { link, copy };

/// Gives the new directory a file `name` with the bytes of `name` in the old one. What cannot be
/// linked (another file system, too many links) is copied. Errors: not_found: no such file; exists;
/// no_space; io_error.
[[nodiscard]] Status copy_file(int from_directory_fd, int to_directory_fd, const std::string& name,
                               Sharing sharing, CopyCounts& counts);

/// Copies the first `size_bytes` of it, or all if it is shorter.
[[nodiscard]] Status copy_beginning(int from_directory_fd, int to_directory_fd,
                                    const std::string& name, std::uint64_t size_bytes,
                                    CopyCounts& counts);

}  // namespace mooring
