// Throttle: how often each of many may do something: so many times at once, as often per period.
//
// Shared by all cores, so that a limit is one limit. What is kept of a name is one moment, the one
// from which all its times are there again (the "generic cell rate algorithm"): a name that does
// nothing for a period is one that was never seen, and needs no place. Who was refused has one time
// again after at most a step, which is the period divided by the times.
//
// Names are told apart by their XXH3-128: whoever builds two with one hash shares a limit with
// himself. At most kThrottledNamesMax are known; beyond that one that is known is forgotten, so
// that a crowd of addresses can neither fill the memory nor lock others out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "mooring/base/digest.h"

namespace mooring {

inline constexpr std::size_t kThrottledNamesMax = 65'536;

class Throttle {
 public:
  /// `times_max` times per `period_ms` (at least 1) of each name; 0: as often as they like.
  Throttle(std::uint64_t times_max, std::uint64_t period_ms,
           std::size_t names_max = kThrottledNamesMax) noexcept;

  [[nodiscard]] bool is_on() const noexcept { return times_max_ > 0; }

  /// Whether `name` may once more at `now_ns` (monotonic). What is refused is not counted. Any
  /// thread.
  [[nodiscard]] bool take(std::string_view name, std::uint64_t now_ns);

  /// For Retry-After: a step in seconds, rounded up.
  [[nodiscard]] std::uint64_t retry_after_seconds() const noexcept;

  /// Names known. Any thread.
  [[nodiscard]] std::size_t names() const;

  /// The most memory that one with such a limit takes.
  [[nodiscard]] static std::uint64_t bytes_max(std::uint64_t times_max) noexcept;

 private:
  struct NameHash {
    std::size_t operator()(const Hash128& name) const noexcept { return name.lo; }
  };

  void make_room(std::uint64_t now_ns);

  std::uint64_t times_max_;
  std::uint64_t period_ns_;
  std::uint64_t step_ns_;  // from one time to the next, in the long run
  std::size_t names_max_;
  mutable std::mutex mutex_;
  std::unordered_map<Hash128, std::uint64_t, NameHash> free_at_ns_;
  std::uint64_t sweep_at_ns_ = 0;
};

/// What the server counts by name. Both are off unless configured (X12).
struct Throttles {
  Throttle guesses;   ///< credentials that prove nothing (K6), by address and by key
  Throttle requests;  ///< by caller, or by address where nobody has to say who he is
};

}  // namespace mooring
