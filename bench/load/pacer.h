// Pacer: when the next request begins.
//
// One pacer per group and core, on the core's thread; the connections of the group ask it for their
// next turn. In a closed loop a turn is given at once. In an open loop there is a schedule, a
// request every 1/rate seconds or as a Poisson process, that does not care how the server is doing:
// a turn carries the time at which the request was due, and latency counts from there. So a server
// that stalls for a second is charged for every request that should have begun in that second, not
// for the one that happened to be under way ("coordinated omission").
//
// A connection that comes back while requests are overdue takes the oldest of them; those that have
// to wait stand on a stack, so that no more connections are used than the load needs.
#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <vector>

#include "load/random.h"
#include "load/scenario.h"
#include "load/statistics.h"
#include "mooring/core/core.h"

namespace mooring {

class Pacer {
 public:
  /// `core_index` of `scenario.cores` takes its share of rate and requests. All arguments outlive
  /// this.
  Pacer(Core& core, const Scenario& scenario, const LoadGroup& group, const RunTimes& times,
        CoreStatistics& statistics, std::uint64_t seed);
  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;

  /// `co_await pacer.next()`: when the request was due, in ns of CLOCK_MONOTONIC; nothing once the
  /// run is over.
  class [[nodiscard]] Turn {
   public:
    explicit Turn(Pacer& pacer) noexcept : pacer_(pacer) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    [[nodiscard]] bool await_ready() { return pacer_.decide(*this); }
    void await_suspend(std::coroutine_handle<> waiter) {
      waiter_ = waiter;
      pacer_.waiting_.push_back(this);
    }
    [[nodiscard]] std::optional<std::uint64_t> await_resume() const noexcept { return due_ns_; }

   private:
    friend class Pacer;
    Pacer& pacer_;
    std::coroutine_handle<> waiter_;
    std::optional<std::uint64_t> due_ns_;
  };
  [[nodiscard]] Turn next() noexcept { return Turn(*this); }

  /// Runs beside the connections of an open loop until the run is over.
  [[nodiscard]] Task<void> keep_schedule();
  [[nodiscard]] bool is_open_loop() const noexcept { return group_.rate_per_second > 0; }

 private:
  [[nodiscard]] bool decide(Turn& turn);
  [[nodiscard]] bool is_over(std::uint64_t now_ns) const noexcept;
  [[nodiscard]] std::uint64_t take();
  void count_not_started() noexcept;

  Core& core_;
  const LoadGroup& group_;
  const RunTimes& times_;
  CoreStatistics& statistics_;
  Random random_;
  double interval_ns_ = 0;  // open loop: between two requests of this core
  double next_ns_;          // open loop: when the next one is due, since the begin
  std::uint64_t left_;      // requests that may still begin
  std::vector<Turn*> waiting_;
};

/// Asks every pacer of the process to end early. Any thread, also a signal handler.
void stop_all_pacers() noexcept;

}  // namespace mooring
