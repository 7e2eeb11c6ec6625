// Builders of Prometheus families: a name, a help text and samples, one call each.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mooring/base/histogram.h"

namespace mooring {

/// Labels of one sample.
using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

/// A list of families under construction. `begin` starts one, `add` gives it samples.
class MetricsFamilies {
 public:
  MetricsFamilies& begin_counter(std::string_view name, std::string_view help) {
    return begin(prometheus::MetricType::Counter, name, help);
  }
  MetricsFamilies& begin_gauge(std::string_view name, std::string_view help) {
    return begin(prometheus::MetricType::Gauge, name, help);
  }
  MetricsFamilies& begin_histogram(std::string_view name, std::string_view help) {
    return begin(prometheus::MetricType::Histogram, name, help);
  }

  /// One sample of the family that was begun last.
  MetricsFamilies& add(double value, const Labels& labels = {});
  MetricsFamilies& add(std::uint64_t value, const Labels& labels = {}) {
    return add(static_cast<double>(value), labels);
  }
  /// Bounds at every half power of two, in seconds: two of them per octave are what a dashboard
  /// needs.
  MetricsFamilies& add(const LatencySnapshot& latency, const Labels& labels);
  /// Bounds 1, 2, 4, …: count i holds what is at most 2^i, the last one everything above. `sum` is
  /// that of all values.
  MetricsFamilies& add_powers_of_two(std::span<const std::uint64_t> counts, std::uint64_t sum);

  /// A family with one sample and no labels.
  MetricsFamilies& counter(std::string_view name, std::string_view help, double value) {
    return begin_counter(name, help).add(value);
  }
  MetricsFamilies& counter(std::string_view name, std::string_view help, std::uint64_t value) {
    return counter(name, help, static_cast<double>(value));
  }
  MetricsFamilies& gauge(std::string_view name, std::string_view help, double value) {
    return begin_gauge(name, help).add(value);
  }
  MetricsFamilies& gauge(std::string_view name, std::string_view help, std::uint64_t value) {
    return gauge(name, help, static_cast<double>(value));
  }

  [[nodiscard]] const std::vector<prometheus::MetricFamily>& all() const noexcept {
    return families_;
  }

 private:
  MetricsFamilies& begin(prometheus::MetricType type, std::string_view name, std::string_view help);
  prometheus::ClientMetric& new_sample(const Labels& labels);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace mooring
