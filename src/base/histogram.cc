#include "mooring/base/histogram.h"

#include <algorithm>
#include <cmath>

namespace mooring {

template <unsigned SubBucketBits>
HistogramSnapshot<SubBucketBits>& HistogramSnapshot<SubBucketBits>::operator+=(
    const HistogramSnapshot& other) noexcept {
  for (std::size_t i = 0; i < Buckets::kBuckets; ++i) counts[i] += other.counts[i];
  count += other.count;
  sum_ns += other.sum_ns;
  return *this;
}

template <unsigned SubBucketBits>
std::uint64_t HistogramSnapshot<SubBucketBits>::quantile_us(double q) const noexcept {
  if (count == 0) return 0;
  const double wanted = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count));
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  std::uint64_t seen = 0;
  std::size_t bucket = 0;
  while (bucket + 1 < Buckets::kBuckets && (seen += counts[bucket]) < rank) ++bucket;
  return Buckets::begin_us(bucket + 1);
}

template <unsigned SubBucketBits>
HistogramSnapshot<SubBucketBits> Histogram<SubBucketBits>::snapshot() const noexcept {
  HistogramSnapshot<SubBucketBits> now;
  for (std::size_t i = 0; i < Buckets::kBuckets; ++i) now.count += now.counts[i] = counts_[i].get();
  now.sum_ns = sum_ns_.get();
  return now;
}

template struct HistogramSnapshot<kLatencySubBucketBits>;
template class Histogram<kLatencySubBucketBits>;
template struct HistogramSnapshot<kFineSubBucketBits>;
template class Histogram<kFineSubBucketBits>;

}  // namespace mooring
