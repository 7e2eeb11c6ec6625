#include "metrics_families.h"

#include <limits>

namespace mooring {

MetricsFamilies& MetricsFamilies::begin(prometheus::MetricType type, std::string_view name,
                                        std::string_view help) {
  prometheus::MetricFamily& family = families_.emplace_back();
  family.name = name;
  family.help = help;
  family.type = type;
  return *this;
}

prometheus::ClientMetric& MetricsFamilies::new_sample(const Labels& labels) {
  prometheus::ClientMetric& sample = families_.back().metric.emplace_back();
  for (const auto& [name, value] : labels)
    sample.label.push_back({std::string(name), std::string(value)});
  return sample;
}

MetricsFamilies& MetricsFamilies::add(double value, const Labels& labels) {
  prometheus::ClientMetric& sample = new_sample(labels);
  if (families_.back().type == prometheus::MetricType::Counter)
    sample.counter.value = value;
  else
    sample.gauge.value = value;
  return *this;
}

MetricsFamilies& MetricsFamilies::add(const LatencySnapshot& latency, const Labels& labels) {
  constexpr std::size_t kBucketsPerBound = LatencyBuckets::kSubBuckets / 2;
  constexpr double kSecondsPerMicrosecond = 1e-6;
  auto& histogram = new_sample(labels).histogram;
  histogram.sample_count = latency.count;
  histogram.sample_sum = static_cast<double>(latency.sum_ns) * 1e-9;
  std::uint64_t below = 0;
  for (std::size_t bucket = 0; bucket + 1 < LatencyBuckets::kBuckets; ++bucket) {
    below += latency.counts[bucket];
    const std::uint64_t end_us = LatencyBuckets::begin_us(bucket + 1);
    // The first octaves are as fine as a microsecond; there every power of two is a bound.
    const bool is_bound = end_us < LatencyBuckets::kSubBuckets
                              ? std::has_single_bit(end_us)
                              : (bucket + 1) % kBucketsPerBound == 0;
    if (is_bound)
      histogram.bucket.push_back({below, static_cast<double>(end_us) * kSecondsPerMicrosecond});
  }
  histogram.bucket.push_back({latency.count, std::numeric_limits<double>::infinity()});
  return *this;
}

MetricsFamilies& MetricsFamilies::add_powers_of_two(std::span<const std::uint64_t> counts,
                                                    std::uint64_t sum) {
  auto& histogram = new_sample({}).histogram;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    below += counts[i];
    histogram.bucket.push_back({below, i + 1 < counts.size()
                                           ? static_cast<double>(std::uint64_t{1} << i)
                                           : std::numeric_limits<double>::infinity()});
  }
  histogram.sample_count = below;
  histogram.sample_sum = static_cast<double>(sum);
  return *this;
}

}  // namespace mooring
