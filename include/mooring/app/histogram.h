// LatencyHistogram: how long something took, as counts in log-linear buckets from 1 µs to 134 s.
//
// Each power of two is split into kSubBuckets equal parts, so a bucket is never wider than an
// eighth of its lower bound: whatever is read from it is wrong by 12.5 % at most, at every scale.
// Below 8 µs the buckets are single microseconds. What took longer than the last bound counts in
// the last bucket.
//
// A record is a multiplication, a bit scan and two plain additions: no lock, no allocation, no
// division. One writer, any readers (base/counter.h); `snapshot` copies what is there at the
// moment, and snapshots of several cores are merged by adding.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "mooring/base/counter.h"

namespace mooring {

inline constexpr unsigned kSubBucketBits = 3;
inline constexpr std::size_t kSubBuckets = std::size_t{1} << kSubBucketBits;
/// The last bucket ends here, in µs: the first power of two above 100 s.
inline constexpr unsigned kLatencyBits = 27;
inline constexpr std::size_t kLatencyBuckets = (kLatencyBits - kSubBucketBits + 1) * kSubBuckets;

/// The bucket of a duration in whole microseconds.
[[nodiscard]] constexpr std::size_t latency_bucket_of(std::uint64_t us) noexcept {
  if (us < kSubBuckets) return us;
  if (us >> kLatencyBits != 0) return kLatencyBuckets - 1;
  const auto shift = static_cast<unsigned>(std::bit_width(us)) - 1 - kSubBucketBits;
  // The leading bit of the shifted value adds one block of kSubBuckets to `shift` blocks below it.
  return shift * kSubBuckets + (us >> shift);
}

/// The bucket holds the durations from this many µs up to the bound of the next one, in µs.
[[nodiscard]] constexpr std::uint64_t latency_bucket_begin_us(std::size_t bucket) noexcept {
  if (bucket < 2 * kSubBuckets) return bucket;
  const std::size_t shift = bucket / kSubBuckets - 1;
  return (bucket - shift * kSubBuckets) << shift;
}

/// Counts taken at one moment, of one core or of many.
struct LatencySnapshot {
  std::array<std::uint64_t, kLatencyBuckets> counts{};
  std::uint64_t count = 0;   ///< the sum of `counts`
  std::uint64_t sum_ns = 0;  ///< of all durations; read apart from the counts

  LatencySnapshot& operator+=(const LatencySnapshot& other) noexcept;

  /// The upper bound, in µs, of the bucket in which the quantile lies; `q` from 0 to 1. 0 if
  /// nothing was recorded.
  [[nodiscard]] std::uint64_t quantile_us(double q) const noexcept;
};

class LatencyHistogram {
 public:
  /// The owner's thread.
  void record(std::uint64_t duration_ns) noexcept {
    ++counts_[latency_bucket_of(duration_ns / 1000)];  // a constant: compiled to a multiplication
    sum_ns_ += duration_ns;
  }

  /// Any thread.
  [[nodiscard]] LatencySnapshot snapshot() const noexcept;

 private:
  std::array<Counter, kLatencyBuckets> counts_{};
  Counter sum_ns_ = 0;
};

}  // namespace mooring
