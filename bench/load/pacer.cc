#include "load/pacer.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "mooring/base/clock.h"

namespace mooring {

namespace {

// While every connection is busy nobody takes an overdue request, so there is no need to look
// often.
constexpr std::uint64_t kBusyPollNs = 200'000;
// An interrupt is seen after this long.
constexpr std::uint64_t kSleepNsMax = 100'000'000;

std::atomic<bool> stopped = false;

std::uint64_t share(std::uint64_t of_all, unsigned index, unsigned cores) {
  return of_all / cores + (index < of_all % cores ? 1 : 0);
}

}  // namespace

void stop_all_pacers() noexcept {
  stopped.store(true, std::memory_order_relaxed);
}

Pacer::Pacer(Core& core, const Scenario& scenario, const LoadGroup& group, const RunTimes& times,
             CoreStatistics& statistics, std::uint64_t seed)
    : core_(core),
      group_(group),
      times_(times),
      statistics_(statistics),
      random_(seed),
      next_ns_(0),
      left_(group.requests_max == 0 ? std::numeric_limits<std::uint64_t>::max()
                                    : share(group.requests_max, core.index(), scenario.cores)) {
  if (!is_open_loop()) return;
  interval_ns_ = 1e9 * scenario.cores / group.rate_per_second;
  // The cores take turns.
  next_ns_ = interval_ns_ * core.index() / scenario.cores;
}

bool Pacer::is_over(std::uint64_t now_ns) const noexcept {
  return left_ == 0 || now_ns >= times_.end_ns || stopped.load(std::memory_order_relaxed);
}

std::uint64_t Pacer::take() {
  --left_;
  const std::uint64_t due_ns = times_.begin_ns + static_cast<std::uint64_t>(next_ns_);
  next_ns_ += group_.spacing == ArrivalSpacing::even ? interval_ns_
                                                     : -std::log(1 - random_.unit()) * interval_ns_;
  return due_ns;
}

// Whether the turn need not wait.
bool Pacer::decide(Turn& turn) {
  const std::uint64_t now = monotonic_ns();
  if (is_over(now)) return true;
  if (!is_open_loop()) {
    --left_;
    turn.due_ns_ = now;
    return true;
  }
  if (times_.begin_ns + static_cast<std::uint64_t>(next_ns_) > now) return false;
  turn.due_ns_ = take();  // overdue: no lag of ours
  return true;
}

Task<void> Pacer::keep_schedule() {
  while (true) {
    const std::uint64_t now = monotonic_ns();
    if (is_over(now)) break;
    std::uint64_t due = times_.begin_ns + static_cast<std::uint64_t>(next_ns_);
    while (!waiting_.empty() && left_ > 0 && due <= now) {
      Turn& turn = *waiting_.back();
      waiting_.pop_back();
      turn.due_ns_ = take();
      statistics_.lag.record(now - *turn.due_ns_);
      core_.resume_later(turn.waiter_);
      due = times_.begin_ns + static_cast<std::uint64_t>(next_ns_);
    }
    const std::uint64_t wake = waiting_.empty() ? std::max(due, now + kBusyPollNs) : due;
    TimeoutOperation time =
        core_.ring().wait_until(std::min({wake, times_.end_ns, now + kSleepNsMax}));
    Status came = co_await time;
    if (!came) break;
  }
  count_not_started();
  left_ = 0;
  for (Turn* turn : std::exchange(waiting_, {})) core_.resume_later(turn->waiter_);
}

void Pacer::count_not_started() noexcept {
  const std::uint64_t end = std::min(monotonic_ns(), times_.end_ns);
  std::uint64_t overdue = 0;
  while (left_ > 0 && times_.begin_ns + static_cast<std::uint64_t>(next_ns_) < end) {
    static_cast<void>(take());
    ++overdue;
  }
  statistics_.not_started += overdue;
}

}  // namespace mooring
