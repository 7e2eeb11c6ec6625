#include "mooring/api/admission.h"

#include <algorithm>

namespace mooring {

UploadPlace& UploadPlace::operator=(UploadPlace&& other) noexcept {
  if (this == &other) return *this;
  reset();
  admission_ = std::exchange(other.admission_, nullptr);
  delay_ns_ = other.delay_ns_;
  since_ns_ = other.since_ns_;
  is_servers_turn_ = other.is_servers_turn_;
  return *this;
}

void UploadPlace::servers_turn() noexcept {
  if (admission_ == nullptr || std::exchange(is_servers_turn_, true)) return;
  since_ns_ = admission_->clock_ns_();
  ++admission_->counters_.waiting;
  admission_->most_waiting_ = std::max(admission_->most_waiting_, admission_->waiting());
}

void UploadPlace::clients_turn() noexcept {
  if (admission_ == nullptr || !std::exchange(is_servers_turn_, false)) return;
  delay_ns_ += admission_->clock_ns_() - since_ns_;
  admission_->counters_.waiting.set(admission_->waiting() - 1);
}

void UploadPlace::reset() noexcept {
  if (admission_ == nullptr) return;
  clients_turn();
  std::exchange(admission_, nullptr)->leave(delay_ns_);
}

Admission::Admission(const AdmissionOptions& options, std::atomic<std::uint64_t>& in_flight,
                     AdmissionCounters& counters, Clock clock_ns) noexcept
    : options_(options), in_flight_(in_flight), clock_ns_(clock_ns), counters_(counters) {
  set_waiting_max(options.in_flight_max);
}

UploadPlace Admission::enter() noexcept {
  if (waiting() >= waiting_max_) {
    ++counters_.shed_delay;
    return {};
  }
  if (in_flight_.fetch_add(1, std::memory_order_relaxed) >= options_.in_flight_max) {
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
    ++counters_.shed_in_flight;
    return {};
  }
  return UploadPlace(*this);
}

void Admission::leave(std::uint64_t delay_ns) noexcept {
  in_flight_.fetch_sub(1, std::memory_order_relaxed);
  if (delay_ns > 0 && options_.delay_aim_ns > 0) note_delay(delay_ns);
}

// Invariants I1 and I2.
void Admission::note_delay(std::uint64_t delay_ns) noexcept {
  least_delay_ns_ = std::min(least_delay_ns_, delay_ns);
  const std::uint64_t now_ns = clock_ns_();
  if (now_ns - interval_began_ns_ < options_.interval_ns) return;
  if (least_delay_ns_ > options_.delay_aim_ns) {
    // What was not used up does not shrink anything: begin from what was.
    const std::uint64_t used = std::min(waiting_max_, most_waiting_);
    set_waiting_max(used - used / 4);
  } else {
    set_waiting_max(waiting_max_ + waiting_max_ / 8 + 1);
  }
  interval_began_ns_ = now_ns;
  least_delay_ns_ = UINT64_MAX;
  most_waiting_ = waiting();
}

void Admission::set_waiting_max(std::uint64_t count) noexcept {
  const std::uint64_t least = std::min(options_.waiting_min, options_.in_flight_max);
  waiting_max_ = std::clamp(count, least, options_.in_flight_max);
  counters_.waiting_max.set(waiting_max_);
}

}  // namespace mooring
