#include "mooring/core/pace.h"

#include <algorithm>
#include <utility>

#include "mooring/base/check.h"
#include "mooring/core/core.h"

namespace mooring {

namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::uint64_t kRestsPerSlowStep = 9;

}  // namespace

std::uint64_t pause_after_step_ns(const PaceOptions& options, std::uint64_t bytes,
                                  std::uint64_t took_ns) noexcept {
  std::uint64_t pause_ns = 0;
  if (options.bytes_per_second > 0) {
    const double due_ns = static_cast<double>(bytes) * static_cast<double>(kNsPerSecond) /
                          static_cast<double>(options.bytes_per_second);
    const auto whole_ns = static_cast<std::uint64_t>(due_ns);
    pause_ns = whole_ns > took_ns ? whole_ns - took_ns : 0;
  }
  if (took_ns > options.latency_budget_ms * kNsPerMs)
    pause_ns = std::max(pause_ns, took_ns * kRestsPerSlowStep);
  return pause_ns;
}

Pace::~Pace() {
  MOORING_CHECK(!waiter_, "a pace ends while somebody rests");
}

Pace::Rest Pace::after_step(std::uint64_t bytes, std::uint64_t took_ns) noexcept {
  owed_ns_ += pause_after_step_ns(options_, bytes, took_ns);
  const std::uint64_t due_ms = owed_ns_ / kNsPerMs;
  if (due_ms < TimerWheel::kTickMs) return {*this, 0};
  owed_ns_ -= due_ms * kNsPerMs;
  return {*this, due_ms};
}

void Pace::Rest::await_suspend(std::coroutine_handle<> waiter) noexcept {
  MOORING_CHECK(!pace_.waiter_, "one coroutine rests at a time");
  pace_.waiter_ = waiter;
  pace_.set(pace_.core_.timers(), delay_ms_);
}

void Pace::expired() noexcept {
  core_.resume_later(std::exchange(waiter_, nullptr));
}

void Pace::stop() noexcept {
  stopped_ = true;
  if (!waiter_) return;
  clear();
  expired();
}

}  // namespace mooring
