#include "mooring/app/histogram.h"

#include <algorithm>
#include <cmath>

namespace mooring {

LatencySnapshot& LatencySnapshot::operator+=(const LatencySnapshot& other) noexcept {
  for (std::size_t i = 0; i < kLatencyBuckets; ++i) counts[i] += other.counts[i];
  count += other.count;
  sum_ns += other.sum_ns;
  return *this;
}

std::uint64_t LatencySnapshot::quantile_us(double q) const noexcept {
  if (count == 0) return 0;
  const double wanted = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count));
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  std::uint64_t seen = 0;
  std::size_t bucket = 0;
  while (bucket + 1 < kLatencyBuckets && (seen += counts[bucket]) < rank) ++bucket;
  return latency_bucket_begin_us(bucket + 1);
}

LatencySnapshot LatencyHistogram::snapshot() const noexcept {
  LatencySnapshot now;
  for (std::size_t i = 0; i < kLatencyBuckets; ++i) now.count += now.counts[i] = counts_[i].get();
  now.sum_ns = sum_ns_.get();
  return now;
}

}  // namespace mooring
