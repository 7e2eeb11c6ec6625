#include "load/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>

#include "mooring/base/clock.h"

namespace mooring {

namespace {

constexpr std::chrono::milliseconds kInterval{500};
constexpr const char* kEraseLine = "\r\x1b[K";

struct Totals {
  std::uint64_t good = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;
};

Totals totals_of(const Scenario& scenario,
                 const std::vector<std::unique_ptr<CoreStatistics>>& cores) {
  Totals totals;
  for (const auto& core : cores)
    for (std::size_t group = 0; group < scenario.groups.size(); ++group)
      for (std::size_t i = 0; i < scenario.groups[group].operations.size(); ++i) {
        const OperationCounts& counts = core->of(group, i);
        totals.good += counts.good;
        totals.bytes += counts.sent_bytes + counts.received_bytes;
        for (std::size_t k = 0; k < kFailures; ++k)
          totals.failed += counts.failures[k] + counts.failures_outside[k];
      }
  return totals;
}

void write_line(const RunTimes& times, const Totals& before, const Totals& now, double seconds) {
  constexpr double kMebibyte = 1 << 20;
  const std::uint64_t clock = monotonic_ns();
  const std::uint64_t begin = times.begin_ns < clock ? times.begin_ns : clock;
  fmt::print(stderr, "{}{:>5.0f} s {:>10.0f}/s {:>9.1f} MiB/s {:>8} good {:>6} failed{}",
             kEraseLine, static_cast<double>(clock - begin) * 1e-9,
             static_cast<double>(now.good - before.good) / seconds,
             static_cast<double>(now.bytes - before.bytes) / seconds / kMebibyte, now.good,
             now.failed, clock < times.measure_ns ? "  warming up" : "");
  std::fflush(stderr);
}

}  // namespace

ProgressLine::ProgressLine(const Scenario& scenario, const RunTimes& times,
                           const std::vector<std::unique_ptr<CoreStatistics>>& cores,
                           Progress progress) {
  if (progress == Progress::silent || ::isatty(STDERR_FILENO) == 0) return;
  thread_ = std::jthread([&scenario, &times, &cores](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    Totals before;
    std::unique_lock lock(mutex);
    while (!stopped.wait_for(lock, stop, kInterval, [&stop] { return stop.stop_requested(); })) {
      const Totals now = totals_of(scenario, cores);
      write_line(times, before, now, std::chrono::duration<double>(kInterval).count());
      before = now;
    }
    fmt::print(stderr, "{}", kEraseLine);
  });
}

}  // namespace mooring
