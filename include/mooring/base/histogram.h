// Histogram: how long something took, as counts in log-linear buckets from 1 µs to 134 s.
//
// Each power of two is split into 2^SubBucketBits equal parts, so a bucket is never wider than that
// part of its lower bound: whatever is read from it is wrong by 12.5 % at most with 3 bits (what
// the server counts), by 0.8 % with 7 (what a measurement reports), at every scale. Below
// 2^SubBucketBits µs the buckets are single microseconds. What took longer than the last bound
// counts in the last bucket.
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

/// The last bucket ends here, in µs: the first power of two above 100 s.
inline constexpr unsigned kLatencyBits = 27;

/// Where a duration goes.
template <unsigned SubBucketBits>
struct LogLinearBuckets {
  static constexpr std::size_t kSubBuckets = std::size_t{1} << SubBucketBits;
  static constexpr std::size_t kBuckets = (kLatencyBits - SubBucketBits + 1) * kSubBuckets;

  /// The bucket of a duration in whole microseconds.
  [[nodiscard]] static constexpr std::size_t of(std::uint64_t us) noexcept {
    if (us < kSubBuckets) return us;
    if (us >> kLatencyBits != 0) return kBuckets - 1;
    const auto shift = static_cast<unsigned>(std::bit_width(us)) - 1 - SubBucketBits;
    // The leading bit of the shifted value adds one block of kSubBuckets to `shift` blocks below
    // it.
    return shift * kSubBuckets + (us >> shift);
  }

  /// The bucket holds the durations from this many µs up to the bound of the next one, in µs.
  [[nodiscard]] static constexpr std::uint64_t begin_us(std::size_t bucket) noexcept {
    if (bucket < 2 * kSubBuckets) return bucket;
    const std::size_t shift = bucket / kSubBuckets - 1;
    return (bucket - shift * kSubBuckets) << shift;
  }
};

/// Counts taken at one moment, of one core or of many.
template <unsigned SubBucketBits>
struct HistogramSnapshot {
  using Buckets = LogLinearBuckets<SubBucketBits>;

  std::array<std::uint64_t, Buckets::kBuckets> counts{};
  std::uint64_t count = 0;   ///< the sum of `counts`
  std::uint64_t sum_ns = 0;  ///< of all durations; read apart from the counts

  HistogramSnapshot& operator+=(const HistogramSnapshot& other) noexcept;

  /// The upper bound, in µs, of the bucket in which the quantile lies; `q` from 0 to 1. 0 if
  /// nothing was recorded.
  [[nodiscard]] std::uint64_t quantile_us(double q) const noexcept;
};

template <unsigned SubBucketBits>
class Histogram {
 public:
  using Buckets = LogLinearBuckets<SubBucketBits>;

  /// The owner's thread.
  void record(std::uint64_t duration_ns) noexcept {
    ++counts_[Buckets::of(duration_ns / 1000)];  // a constant: compiled to a multiplication
    sum_ns_ += duration_ns;
  }

  /// Any thread.
  [[nodiscard]] HistogramSnapshot<SubBucketBits> snapshot() const noexcept;

 private:
  std::array<Counter, Buckets::kBuckets> counts_{};
  Counter sum_ns_ = 0;
};

/// What the server counts for its metrics: 200 buckets.
inline constexpr unsigned kLatencySubBucketBits = 3;
using LatencyBuckets = LogLinearBuckets<kLatencySubBucketBits>;
using LatencySnapshot = HistogramSnapshot<kLatencySubBucketBits>;
using LatencyHistogram = Histogram<kLatencySubBucketBits>;

/// What a measurement reports: 2,688 buckets.
inline constexpr unsigned kFineSubBucketBits = 7;
using FineBuckets = LogLinearBuckets<kFineSubBucketBits>;
using FineSnapshot = HistogramSnapshot<kFineSubBucketBits>;
using FineHistogram = Histogram<kFineSubBucketBits>;

}  // namespace mooring
