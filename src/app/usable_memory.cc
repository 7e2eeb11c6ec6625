#include "mooring/app/usable_memory.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

namespace mooring {

namespace {

const std::filesystem::path kControlGroups = "/sys/fs/cgroup";

// The path of the process's group below kControlGroups: the line "0::/…".
std::filesystem::path control_group() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("0::/")) return line.substr(4);
  return {};
}

// "max" is no number: no limit.
std::uint64_t limit_of(const std::filesystem::path& group) {
  std::uint64_t bytes = 0;
  std::ifstream file(kControlGroups / group / "memory.max");
  return file >> bytes ? bytes : UINT64_MAX;
}

}  // namespace

std::uint64_t usable_memory_bytes() {
  std::uint64_t bytes = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                        static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  for (std::filesystem::path group = control_group(); !group.empty(); group = group.parent_path())
    bytes = std::min(bytes, limit_of(group));
  return std::min(bytes, limit_of({}));
}

Config fitted_to_memory(Config config, std::uint64_t usable_bytes) {
  std::uint64_t& cache_bytes = config.downloads.cache_bytes;
  cache_bytes = std::min(cache_bytes, usable_bytes / 8);
  return config;
}

}  // namespace mooring
