// Reports: results for people, for programs and for the eye.
#pragma once

#include <string>

#include "load/scenario.h"
#include "load/statistics.h"

namespace mooring {

/// Tables of text.
[[nodiscard]] std::string report_text(const Scenario& scenario, const Results& results);

/// One JSON object. Times are in microseconds, sizes in bytes, rates per second; README.md has an
/// example. Keys are only ever added.
[[nodiscard]] std::string report_json(const Scenario& scenario, const Results& results);

/// A picture: requests and bytes per second, latency over time, latency by percentile.
[[nodiscard]] std::string report_svg(const Scenario& scenario, const Results& results);

/// The quantiles that reports show, with their names.
struct NamedQuantile {
  const char* name;
  double q;
};
inline constexpr NamedQuantile kReportQuantiles[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}};

}  // namespace mooring
