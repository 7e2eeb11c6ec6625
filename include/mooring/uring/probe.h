// The probe: can this machine run the ring, and if not, what is the cause and what the cure.
//
// Used by start-up (which stops with the first failure, or goes on along the next best path) and by
// `mooring doctor`, which shows every line. Runs once, on any thread, blocking.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mooring {

/// One thing looked at.
struct Finding {
  enum class Grade {
    good,  ///< as wanted
    weak,  ///< works along a slower or less durable path; `cure` says how to get the better one
    fatal  ///< the server cannot run; `cure` says what to change
  };
  Grade grade = Grade::good;
  std::string what;   ///< "kernel", "io_uring", "memlock"
  std::string found;  ///< what is here
  std::string cure;   ///< empty if good
};

/// Kernel version, io_uring (sysctl, seccomp, features, opcodes), memlock, open files.
/// `memlock_bytes_wanted` and `open_files_wanted` come from the configuration.
[[nodiscard]] std::vector<Finding> probe_kernel(std::uint64_t memlock_bytes_wanted,
                                                std::uint64_t open_files_wanted);

/// File system of `directory`: O_DIRECT, O_TMPFILE, fallocate, free space and inodes, mount
/// options.
[[nodiscard]] std::vector<Finding> probe_file_system(const std::string& directory);

/// Raises the soft limits of locked memory and open files to the hard ones.
void raise_limits() noexcept;

}  // namespace mooring
