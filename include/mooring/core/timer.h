// Timers: deadlines that are set often and expire rarely.
//
// A hashed wheel: setting and clearing are O(1) and allocate nothing (a timer is an intrusive node
// in its owner). Resolution is one tick (16 ms); a timer never expires early. One wheel per core,
// its thread only.
#pragma once

#include <array>
#include <cstdint>

namespace mooring {

class TimerWheel;

class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { clear(); }

  /// Expires `delay_ms` from now, unless cleared or set again before.
  void set(TimerWheel& wheel, std::uint64_t delay_ms) noexcept;
  void clear() noexcept;
  [[nodiscard]] bool is_set() const noexcept { return wheel_ != nullptr; }

  /// Called once per expiry on the wheel's thread. May set the timer again, or destroy it.
  virtual void expired() noexcept = 0;

 private:
  friend class TimerWheel;
  TimerWheel* wheel_ = nullptr;
  Timer* previous_ = nullptr;
  Timer* next_ = nullptr;
  std::uint64_t deadline_tick_ = 0;
};

class TimerWheel {
 public:
  static constexpr std::uint64_t kTickMs = 16;
  static constexpr std::uint64_t kSlots = 1024;  ///< one turn of the wheel: 16 s

  explicit TimerWheel(std::uint64_t now_ms) noexcept : now_tick_(now_ms / kTickMs) {}

  /// Calls every timer that is due at `now_ms` (CLOCK_MONOTONIC).
  void advance(std::uint64_t now_ms) noexcept;
  /// How long the core may sleep before advance has something to do; at most `max_ms`.
  [[nodiscard]] std::uint64_t sleep_ms(std::uint64_t now_ms, std::uint64_t max_ms) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  friend class Timer;
  void insert(Timer& timer, std::uint64_t deadline_tick) noexcept;
  void remove(Timer& timer) noexcept;
  void expire_slot(std::uint64_t slot) noexcept;

  std::array<Timer*, kSlots> slots_{};
  std::uint64_t now_tick_;
  std::size_t size_ = 0;
};

}  // namespace mooring
