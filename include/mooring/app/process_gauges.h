// What the kernel says about this process, for the page of metrics.
#pragma once

#include <cstdint>

namespace mooring {

struct ProcessGauges {
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t open_files_max = 0;
  std::uint64_t threads = 0;
  double cpu_seconds = 0;         ///< user and system, of all threads
  std::int64_t start_unix_s = 0;  ///< wall time at which the process began
};

/// Reads /proc/self. Some tens of microseconds, no disk. Any thread. What cannot be read stays 0.
[[nodiscard]] ProcessGauges read_process_gauges();

}  // namespace mooring
