#include "mooring/app/watch.h"

namespace mooring {

void Watch::set_deadline(std::uint64_t delay_ms) noexcept {
  kind_ = Kind::deadline;
  expired_ = false;
  set(core_.timers(), delay_ms);
}

void Watch::set_progress(const ProgressRule& rule) noexcept {
  rule_ = rule;
  kind_ = Kind::grace;
  expired_ = false;
  bytes_ = 0;
  set(core_.timers(), rule.grace_ms);
}

void Watch::clear() noexcept {
  kind_ = Kind::none;
  expired_ = false;
  Timer::clear();
}

void Watch::interrupt() noexcept {
  expired_ = true;
  if (operation_ != nullptr) core_.ring().cancel(*operation_);
}

void Watch::expired() noexcept {
  const bool first_window = kind_ == Kind::grace;
  if (kind_ == Kind::deadline) return interrupt();
  const std::uint64_t wanted = rule_.bytes_per_second_min * rule_.window_ms / 1000;
  // Without an operation in flight it was we who were slow.
  if (!first_window && operation_ != nullptr && bytes_ - bytes_at_mark_ < wanted)
    return interrupt();
  kind_ = Kind::window;
  bytes_at_mark_ = bytes_;
  set(core_.timers(), rule_.window_ms);
}

}  // namespace mooring
