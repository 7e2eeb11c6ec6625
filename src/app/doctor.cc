#include "mooring/app/doctor.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/timex.h>

#include <algorithm>
#include <filesystem>

#include "mooring/app/memory_bound.h"
#include "mooring/app/usable_memory.h"
#include "mooring/base/clock.h"
#include "mooring/blob/data_directory.h"

namespace mooring {

namespace {

using Grade = Finding::Grade;

constexpr std::int64_t kEarliestMs = 1'735'689'600'000;  // 2025-01-01, before the first release
// Ring, event counter, listener, the segment being written and the next one, an accepted socket.
constexpr std::uint64_t kDescriptorsPerCore = 8;
// Standard streams, the data directory, its lock, tools.
constexpr std::uint64_t kDescriptorsOfProcess = 64;
constexpr std::int64_t kLatestMs = 4'102'444'800'000;  // 2100-01-01

std::string_view name_of(Grade grade) {
  switch (grade) {
    case Grade::good:
      return "good";
    case Grade::weak:
      return "weak";
    case Grade::fatal:
      return "fatal";
  }
  return "fatal";
}

// The CPUs this process may use.
std::uint64_t usable_cpus() {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  const int outcome = ::sched_getaffinity(0, sizeof usable, &usable);
  return outcome == 0 ? static_cast<std::uint64_t>(CPU_COUNT(&usable)) : 1;
}

// Descriptors at the worst moment.
std::uint64_t open_files_wanted(const Config& config) {
  const std::uint64_t per_core = kDescriptorsPerCore + config.data.segment_descriptors_per_core;
  return config.limits.connections_max          // one socket each
         + config.limits.uploads_in_flight_max  // one file each
         + config.rocksdb.open_files_max        // tables and logs
         + kBlobShards                          // directories that are kept open
         + cores_of(config) * per_core          // rings, listeners, segments
         + kDescriptorsOfProcess;
}

Finding examine_cores(const Config& config) {
  const std::uint64_t cores = cores_of(config);
  const std::uint64_t cpus = usable_cpus();
  const std::string found = fmt::format("{} of {} CPUs this process may use", cores, cpus);
  if (cores > cpus)
    return {Grade::weak, "cores", found, "set server.cores to the number of CPUs or less"};
  return {Grade::good, "cores", found, ""};
}

void examine_data_directory(const std::string& directory, std::vector<Finding>& findings) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(directory, error).lexically_normal();
  const bool is_there = std::filesystem::exists(path, error);
  // "dir/" has an empty last component: its parent is "dir".
  const std::filesystem::path named = path.has_filename() ? path : path.parent_path();
  const std::string looked_at = is_there ? directory : named.parent_path().string();
  const bool is_formatted = is_there && std::filesystem::exists(path / "SUPERBLOCK", error);
  const char* state = is_formatted ? "formatted" : is_there ? "not formatted yet" : "not there yet";
  findings.push_back({Grade::good, "data directory", fmt::format("{}: {}", directory, state), ""});
  for (Finding& finding : probe_file_system(looked_at)) findings.push_back(std::move(finding));
}

}  // namespace

std::uint64_t cores_of(const Config& config) {
  return config.server.cores > 0 ? config.server.cores : usable_cpus();
}

std::vector<Finding> examine_kernel(const Config& config) {
  const MemoryBound bound = memory_bound(config, cores_of(config));
  return probe_kernel(bound.chunks_bytes + bound.heads_bytes, open_files_wanted(config));
}

Finding examine_clock(std::int64_t unix_ms) {
  const std::string now = iso8601(unix_ms);
  if (unix_ms < kEarliestMs || unix_ms > kLatestMs)
    return {Grade::fatal, "clock", now, "set the clock: tokens and records carry its time"};
  timex state{};
  if (::adjtimex(&state) == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
    return {Grade::weak, "clock", now + ", not synchronised",
            "run an NTP client: tokens expire by the clock"};
  return {Grade::good, "clock", now + ", synchronised", ""};
}

Finding examine_memory(const Config& config, std::uint64_t available_bytes) {
  const MemoryBound bound =
      memory_bound(fitted_to_memory(config, available_bytes), cores_of(config));
  const std::string found =
      fmt::format("{}; the machine has {} MiB", to_string(bound), available_bytes >> 20);
  // The page cache and the kernel's socket buffers need their share.
  if (bound.total_bytes() > available_bytes / 4 * 3)
    return {Grade::weak, "memory", found,
            "lower limits.chunks_per_core, limits.connections_max, rocksdb.block_cache or "
            "downloads.cache_bytes"};
  return {Grade::good, "memory", found, ""};
}

std::vector<Finding> examine(const Config& config) {
  std::vector<Finding> findings = examine_kernel(config);
  findings.push_back(examine_cores(config));
  findings.push_back(examine_memory(config, usable_memory_bytes()));
  findings.push_back(examine_clock(wall_ms()));
  examine_data_directory(config.data.dir, findings);
  return findings;
}

std::string describe(const Finding& finding) {
  std::string line =
      fmt::format("{:<6} {}: {}", name_of(finding.grade), finding.what, finding.found);
  if (!finding.cure.empty()) line += fmt::format(" ({})", finding.cure);
  return line;
}

}  // namespace mooring
