#include "mooring/app/process_gauges.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace mooring {

namespace {

// Seconds since 1970 at which the machine started.
std::int64_t boot_unix_s() {
  std::ifstream stat("/proc/stat");
  std::string word;
  std::int64_t seconds = 0;
  while (stat >> word)
    if (word == "btime") {
      stat >> seconds;
      break;
    }
  return seconds;
}

// The fields of /proc/self/stat behind the name, which may hold spaces (proc(5): field 3 is the
// first).
std::istringstream fields_of_stat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  return std::istringstream(name_end == std::string::npos ? "" : line.substr(name_end + 1));
}

std::uint64_t count_open_files() {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  std::uint64_t count = 0;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  return count > 0 ? count - 1 : 0;  // one is this look itself
}

}  // namespace

ProcessGauges read_process_gauges() {
  constexpr int kFirstField = 3, kThreads = 20, kStartTicks = 22, kVirtual = 23, kResident = 24;
  ProcessGauges gauges;
  const auto ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));

  std::istringstream fields = fields_of_stat();
  std::string field;
  for (int number = kFirstField; number <= kResident && fields >> field; ++number) {
    const std::uint64_t value = std::strtoull(field.c_str(), nullptr, 10);
    if (number == kThreads) gauges.threads = value;
    if (number == kVirtual) gauges.virtual_bytes = value;
    if (number == kResident) gauges.resident_bytes = value * page_bytes;
    if (number == kStartTicks)
      gauges.start_unix_s = boot_unix_s() + static_cast<std::int64_t>(value / ticks_per_second);
  }

  gauges.open_files = count_open_files();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) gauges.open_files_max = limit.rlim_cur;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0)
    gauges.cpu_seconds = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  return gauges;
}

}  // namespace mooring
