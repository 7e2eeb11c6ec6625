#include "mooring/core/timer.h"

#include <algorithm>

#include "mooring/base/clock.h"

namespace mooring {

void Timer::set(TimerWheel& wheel, std::uint64_t delay_ms) noexcept {
  clear();
  // Rounded up, plus the tick under way: never early.
  const std::uint64_t tick =
      (monotonic_ms() + delay_ms + TimerWheel::kTickMs - 1) / TimerWheel::kTickMs;
  wheel.insert(*this, tick);
}

void Timer::clear() noexcept {
  if (wheel_ != nullptr) wheel_->remove(*this);
}

void TimerWheel::insert(Timer& timer, std::uint64_t deadline_tick) noexcept {
  timer.deadline_tick_ = std::max(deadline_tick, now_tick_ + 1);
  Timer*& head = slots_[timer.deadline_tick_ % kSlots];
  timer.wheel_ = this;
  timer.previous_ = nullptr;
  timer.next_ = head;
  if (head != nullptr) head->previous_ = &timer;
  head = &timer;
  ++size_;
}

void TimerWheel::remove(Timer& timer) noexcept {
  Timer*& head = slots_[timer.deadline_tick_ % kSlots];
  if (timer.previous_ != nullptr) timer.previous_->next_ = timer.next_;
  if (timer.next_ != nullptr) timer.next_->previous_ = timer.previous_;
  if (head == &timer) head = timer.next_;
  timer.wheel_ = nullptr;
  --size_;
}

void TimerWheel::advance(std::uint64_t now_ms) noexcept {
  const std::uint64_t target = now_ms / kTickMs;
  // After a long sleep one turn of the wheel visits every slot.
  if (target > now_tick_ + kSlots) now_tick_ = target - kSlots;
  while (now_tick_ < target) {
    ++now_tick_;
    if (size_ > 0) expire_slot(now_tick_ % kSlots);
  }
}

void TimerWheel::expire_slot(std::uint64_t slot) noexcept {
  // An expiring timer may clear or set any other, so the slot is searched anew after each one.
  for (Timer* timer = slots_[slot]; timer != nullptr;) {
    if (timer->deadline_tick_ > now_tick_) {
      timer = timer->next_;
      continue;
    }
    remove(*timer);
    timer->expired();
    timer = slots_[slot];
  }
}

std::uint64_t TimerWheel::sleep_ms(std::uint64_t now_ms, std::uint64_t max_ms) const noexcept {
  if (size_ == 0) return max_ms;
  const std::uint64_t ticks_max = std::min(max_ms / kTickMs + 1, kSlots);
  for (std::uint64_t ahead = 1; ahead <= ticks_max; ++ahead) {
    if (slots_[(now_tick_ + ahead) % kSlots] == nullptr) continue;
    const std::uint64_t due_ms = (now_tick_ + ahead) * kTickMs;
    return due_ms > now_ms ? std::min(due_ms - now_ms, max_ms) : 0;
  }
  return max_ms;
}

}  // namespace mooring
