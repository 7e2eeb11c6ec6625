// Pace: how fast background work may go on a core.
//
// Two limits. A byte rate: over time no more than so many bytes per second. A latency budget: the
// work measures how long each of its steps takes, because a step waits in the same queues as the
// requests of clients; one that took longer than the budget means that the machine is busy, and the
// work then rests nine times as long as the step took. So on a busy machine background work takes a
// tenth of the time at most, and never stops altogether.
//
// One per work, on the core's thread; one coroutine rests at a time. `stop` ends the rest under way
// and all later ones, so that a drain never waits for a pause.
#pragma once

#include <coroutine>
#include <cstdint>

#include "mooring/core/timer.h"

namespace mooring {

class Core;

struct PaceOptions {
  std::uint64_t bytes_per_second = 0;  ///< 0: no limit
  std::uint64_t latency_budget_ms = 0;
};

/// What `took_ns` for a step of `bytes` leaves to be waited for, in nanoseconds: by the rate, by
/// the budget, the longer of both.
[[nodiscard]] std::uint64_t pause_after_step_ns(const PaceOptions& options, std::uint64_t bytes,
                                                std::uint64_t took_ns) noexcept;

class Pace final : private Timer {
 public:
  Pace(Core& core, const PaceOptions& options) noexcept : core_(core), options_(options) {}
  /// Nobody rests.
  ~Pace() override;

  class [[nodiscard]] Rest {
   public:
    Rest(Pace& pace, std::uint64_t delay_ms) noexcept : pace_(pace), delay_ms_(delay_ms) {}
    [[nodiscard]] bool await_ready() const noexcept { return delay_ms_ == 0 || pace_.stopped_; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept;
    void await_resume() const noexcept {}

   private:
    Pace& pace_;
    std::uint64_t delay_ms_;
  };

  /// `co_await pace.rest(delay_ms)`: at least so long, or until `stop`.
  [[nodiscard]] Rest rest(std::uint64_t delay_ms) noexcept { return {*this, delay_ms}; }
  /// The rest that is due after a step. Short ones are saved up until they are worth a timer.
  [[nodiscard]] Rest after_step(std::uint64_t bytes, std::uint64_t took_ns) noexcept;

  void stop() noexcept;
  [[nodiscard]] bool is_stopped() const noexcept { return stopped_; }

 private:
  void expired() noexcept override;

  Core& core_;
  PaceOptions options_;
  std::uint64_t owed_ns_ = 0;
  std::coroutine_handle<> waiter_;
  bool stopped_ = false;
};

}  // namespace mooring
