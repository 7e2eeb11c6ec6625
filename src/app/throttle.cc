#include "mooring/app/throttle.h"

#include <algorithm>

namespace mooring {

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
// A node of the table with its bucket, as the allocator rounds it.
constexpr std::uint64_t kBytesPerName = 64;

}  // namespace

Throttle::Throttle(std::uint64_t times_max, std::uint64_t period_ms, std::size_t names_max) noexcept
    : times_max_(times_max),
      period_ns_(period_ms * kNsPerMs),
      step_ns_(times_max > 0 ? std::max<std::uint64_t>(period_ns_ / times_max, 1) : 0),
      names_max_(names_max) {}

bool Throttle::take(std::string_view name, std::uint64_t now_ns) {
  if (!is_on()) return true;
  const Hash128 known_as = xxh3_128(as_bytes(name));
  const std::lock_guard lock(mutex_);
  if (free_at_ns_.size() >= names_max_ && !free_at_ns_.contains(known_as)) make_room(now_ns);
  std::uint64_t& free_at_ns = free_at_ns_[known_as];
  const std::uint64_t used_ns = free_at_ns > now_ns ? free_at_ns - now_ns : 0;
  if (used_ns + step_ns_ > period_ns_) return false;
  free_at_ns = now_ns + used_ns + step_ns_;
  return true;
}

// A sweep looks at all of them, so it has its own pace: a crowd must not make every request one.
void Throttle::make_room(std::uint64_t now_ns) {
  if (now_ns >= sweep_at_ns_) {
    std::erase_if(free_at_ns_, [now_ns](const auto& name) { return name.second <= now_ns; });
    sweep_at_ns_ = now_ns + period_ns_;
  }
  if (free_at_ns_.size() >= names_max_) free_at_ns_.erase(free_at_ns_.begin());
}

std::size_t Throttle::names() const {
  const std::lock_guard lock(mutex_);
  return free_at_ns_.size();
}

std::uint64_t Throttle::retry_after_seconds() const noexcept {
  return (step_ns_ + kNsPerSecond - 1) / kNsPerSecond;
}

std::uint64_t Throttle::bytes_max(std::uint64_t times_max) noexcept {
  return times_max > 0 ? kThrottledNamesMax * kBytesPerName : 0;
}

}  // namespace mooring
