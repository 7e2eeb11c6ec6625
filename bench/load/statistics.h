// Statistics: what a core has counted about its requests, and what a run of all cores comes to.
//
// CoreStatistics belongs to one core and is written on its thread only; counters and histograms can
// be read by any thread at any time (the progress line does), the time line only after the core has
// ended. Results are the sum over all cores, made once at the end.
//
// What counts: a request belongs to the measurement if its answer was complete inside the window,
// after the warm-up and before the end. Failures outside of the window are counted apart; nothing
// that goes wrong is lost.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "load/expectation.h"
#include "load/scenario.h"
#include "mooring/base/counter.h"
#include "mooring/base/histogram.h"

namespace mooring {

/// Moments of a run, CLOCK_MONOTONIC.
struct RunTimes {
  std::uint64_t begin_ns = 0;
  std::uint64_t measure_ns = 0;  ///< the end of the warm-up
  std::uint64_t end_ns = 0;      ///< nothing is started any more
  std::uint64_t drained_ns = 0;  ///< what is still under way is given up
};

inline constexpr int kStatusMin = 100;
inline constexpr std::size_t kStatuses = 500;

/// How one request went.
struct RequestOutcome {
  std::uint64_t intended_ns = 0;  ///< when it should have begun
  std::uint64_t finished_ns = 0;
  std::optional<Failure> failure = {};
  int status = 0;                    ///< 0: there was no answer
  std::uint64_t sent_bytes = 0;      ///< of content
  std::uint64_t received_bytes = 0;  ///< of content
};

/// Of one operation on one core.
struct OperationCounts {
  FineHistogram latency;  ///< of good ones, from the intended start
  Counter longest_ns;
  Counter good;
  Counter sent_bytes;
  Counter received_bytes;
  std::array<Counter, kFailures> failures{};
  std::array<Counter, kFailures> failures_outside{};  ///< in warm-up and drain
  std::array<Counter, kStatuses> statuses{};
  Counter read_back;  ///< contents that came back as they were sent
  Counter read_back_bytes;
  Counter unfinished;  ///< given up at the end of the drain
};

/// One second of the run, from its begin.
struct TimelineSecond {
  LatencySnapshot latency;  ///< of good ones
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;  ///< sent and received, of good ones
};

class CoreStatistics {
 public:
  CoreStatistics(const Scenario& scenario, const RunTimes& times);

  void record(std::size_t group, std::size_t operation, const RequestOutcome& outcome);
  [[nodiscard]] OperationCounts& of(std::size_t group, std::size_t operation) noexcept {
    return *counts_[group][operation];
  }
  [[nodiscard]] const OperationCounts& of(std::size_t group, std::size_t operation) const noexcept {
    return *counts_[group][operation];
  }
  [[nodiscard]] const std::vector<TimelineSecond>& seconds() const noexcept { return seconds_; }

  /// Open loop: how much later than intended a request began although a connection was free. Large
  /// values say that the generator itself could not keep up.
  FineHistogram lag;
  Counter not_started;  ///< open loop: arrivals for which no connection was free until the end
  Counter connections;  ///< opened
  Counter busy_ns;      ///< processor time of the core's thread inside the window
  Counter last_finished_ns;

 private:
  [[nodiscard]] TimelineSecond& second_at(std::uint64_t now_ns);

  RunTimes times_;
  std::vector<std::vector<std::unique_ptr<OperationCounts>>> counts_;
  std::vector<TimelineSecond> seconds_;
};

/// Of one operation, all cores together.
struct OperationResult {
  std::string group;
  std::string name;
  FineSnapshot latency;
  std::uint64_t longest_ns = 0;
  std::uint64_t good = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
  std::array<std::uint64_t, kFailures> failures{};
  std::array<std::uint64_t, kFailures> failures_outside{};
  std::map<int, std::uint64_t> statuses;
  std::uint64_t read_back = 0;
  std::uint64_t read_back_bytes = 0;
  std::uint64_t unfinished = 0;

  [[nodiscard]] std::uint64_t failed() const noexcept;
  [[nodiscard]] std::uint64_t failed_outside() const noexcept;
};

struct Results {
  double window_seconds = 0;
  std::vector<OperationResult> operations;
  std::vector<TimelineSecond> seconds;
  FineSnapshot lag;
  std::uint64_t not_started = 0;
  std::uint64_t connections = 0;
  double busy_share = 0;  ///< of the generator's cores inside the window, 0 to 1

  [[nodiscard]] std::uint64_t failed() const noexcept;  ///< in the window and outside
};

/// All cores have ended.
[[nodiscard]] Results sum_up(const Scenario& scenario, const RunTimes& times,
                             const std::vector<std::unique_ptr<CoreStatistics>>& cores);

}  // namespace mooring
