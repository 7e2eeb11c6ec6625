#include <fmt/format.h>

#include <iterator>

#include "load/report.h"

namespace mooring {

namespace {

constexpr double kMebibyte = 1 << 20;
// From this on the results say more about the generator than about the server.
constexpr double kBusyShareMax = 0.9;

std::string duration_text(std::uint64_t us) {
  if (us < 10'000) return fmt::format("{} us", us);
  if (us < 10'000'000) return fmt::format("{:.1f} ms", static_cast<double>(us) / 1e3);
  return fmt::format("{:.2f} s", static_cast<double>(us) / 1e6);
}

void add_latency(std::string& out, const OperationResult& result) {
  for (const NamedQuantile& quantile : kReportQuantiles)
    out += fmt::format("{} {}  ", quantile.name,
                       duration_text(result.latency.quantile_us(quantile.q)));
  out += fmt::format("max {}", duration_text(result.longest_ns / 1000));
}

void add_operation(std::string& out, const OperationResult& result, double seconds) {
  const auto into = std::back_inserter(out);
  fmt::format_to(into, "{}: {}\n", result.group, result.name);
  fmt::format_to(into, "  good      {:>10}  {:.1f}/s\n", result.good,
                 static_cast<double>(result.good) / seconds);
  if (result.sent_bytes > 0)
    fmt::format_to(into, "  sent      {:>10.1f} MiB  {:.1f} MiB/s\n",
                   static_cast<double>(result.sent_bytes) / kMebibyte,
                   static_cast<double>(result.sent_bytes) / kMebibyte / seconds);
  if (result.received_bytes > 0)
    fmt::format_to(into, "  received  {:>10.1f} MiB  {:.1f} MiB/s\n",
                   static_cast<double>(result.received_bytes) / kMebibyte,
                   static_cast<double>(result.received_bytes) / kMebibyte / seconds);
  if (result.good > 0) {
    out += "  latency   ";
    add_latency(out, result);
    out += "\n";
  }
  if (result.read_back > 0)
    fmt::format_to(into, "  read back {:>10}  {:.1f} MiB, as they were sent\n", result.read_back,
                   static_cast<double>(result.read_back_bytes) / kMebibyte);
  for (std::size_t i = 0; i < kFailures; ++i) {
    const std::uint64_t inside = result.failures[i];
    const std::uint64_t outside = result.failures_outside[i];
    if (inside + outside == 0) continue;
    fmt::format_to(into, "  FAILED    {:>10}  {}", inside + outside, name_of(Failure(i)));
    if (outside > 0) fmt::format_to(into, ", {} of them in warm-up or drain", outside);
    out += "\n";
  }
  for (const auto& [status, count] : result.statuses)
    if (result.failed() > 0) fmt::format_to(into, "  status    {:>10}  {}\n", count, status);
  if (result.unfinished > 0)
    fmt::format_to(into, "  given up  {:>10}  under way at the end of the drain\n",
                   result.unfinished);
}

}  // namespace

std::string report_text(const Scenario& scenario, const Results& results) {
  std::string out = fmt::format("{}: {}, {:.2f} s after {:.1f} s of warm-up\n", scenario.title,
                                to_string(scenario.target), results.window_seconds,
                                static_cast<double>(scenario.warmup_ms) / 1e3);
  const double seconds = results.window_seconds > 0 ? results.window_seconds : 1;
  for (const OperationResult& result : results.operations) add_operation(out, result, seconds);
  out += fmt::format("{} connections opened; the generator was busy {:.0f} % of {} core{}\n",
                     results.connections, results.busy_share * 100, scenario.cores,
                     scenario.cores == 1 ? "" : "s");
  if (results.lag.count > 0)
    out += fmt::format("open loop: begun p99 {} after their time, {} not begun at all\n",
                       duration_text(results.lag.quantile_us(0.99)), results.not_started);
  if (results.busy_share > kBusyShareMax)
    out += "NOTE: the generator had next to no time to spare; the server may be faster than this\n";
  out += fmt::format("{} failed\n", results.failed());
  return out;
}

}  // namespace mooring
