// ProgressLine: one line on a terminal that tells how a run is doing, twice a second.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "load/runner.h"
#include "load/statistics.h"

namespace mooring {

/// Lives as long as the run; a thread of its own reads the counters of the cores. Writes only if
/// `progress` is live and standard error is a terminal; removes its line at the end.
class ProgressLine {
 public:
  ProgressLine(const Scenario& scenario, const RunTimes& times,
               const std::vector<std::unique_ptr<CoreStatistics>>& cores, Progress progress);
  ~ProgressLine() = default;
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

 private:
  std::jthread thread_;
};

}  // namespace mooring
