#include <fmt/format.h>

#include "load/report.h"
#include "mooring/base/json_writer.h"

namespace mooring {

namespace {

double per_second(std::uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

template <unsigned SubBucketBits>
void write_latency(JsonWriter& out, const HistogramSnapshot<SubBucketBits>& latency) {
  const double mean = latency.count == 0 ? 0
                                         : static_cast<double>(latency.sum_ns) / 1000 /
                                               static_cast<double>(latency.count);
  out.field("mean_us", mean);
  for (const NamedQuantile& quantile : kReportQuantiles)
    out.field(fmt::format("{}_us", quantile.name), latency.quantile_us(quantile.q));
}

void write_failures(JsonWriter& out, std::string_view name,
                    const std::array<std::uint64_t, kFailures>& failures) {
  out.key(name).begin_object();
  for (std::size_t i = 0; i < kFailures; ++i)
    if (failures[i] > 0) out.field(name_of(Failure(i)), failures[i]);
  out.end_object();
}

// [[upper bound in µs, count]…] of the buckets that are not empty.
void write_histogram(JsonWriter& out, const FineSnapshot& latency) {
  out.key("histogram").begin_array();
  for (std::size_t bucket = 0; bucket < FineBuckets::kBuckets; ++bucket) {
    if (latency.counts[bucket] == 0) continue;
    out.begin_array().value(FineBuckets::begin_us(bucket + 1)).value(latency.counts[bucket]);
    out.end_array();
  }
  out.end_array();
}

void write_operation(JsonWriter& out, const OperationResult& result, double seconds) {
  out.begin_object().field("group", std::string_view(result.group));
  out.field("name", std::string_view(result.name));
  out.field("good", result.good).field("good_per_second", per_second(result.good, seconds));
  out.field("sent_bytes", result.sent_bytes).field("received_bytes", result.received_bytes);
  out.field("bytes_per_second", per_second(result.sent_bytes + result.received_bytes, seconds));
  out.key("latency").begin_object();
  write_latency(out, result.latency);
  out.field("max_us", result.longest_ns / 1000).end_object();
  out.field("failed", result.failed()).field("failed_outside", result.failed_outside());
  write_failures(out, "failures", result.failures);
  write_failures(out, "failures_outside", result.failures_outside);
  out.key("statuses").begin_object();
  for (const auto& [status, count] : result.statuses)
    out.field(fmt::format_int(status).str(), count);
  out.end_object();
  out.field("read_back", result.read_back).field("read_back_bytes", result.read_back_bytes);
  out.field("unfinished", result.unfinished);
  write_histogram(out, result.latency);
  out.end_object();
}

}  // namespace

std::string report_json(const Scenario& scenario, const Results& results) {
  JsonWriter out;
  out.begin_object().field("title", std::string_view(scenario.title));
  out.field("target", std::string_view(to_string(scenario.target)));
  out.field("cores", std::uint64_t{scenario.cores});
  out.field("seconds", results.window_seconds);
  out.field("warmup_seconds", static_cast<double>(scenario.warmup_ms) / 1000);
  out.field("connections_opened", results.connections);
  out.field("generator_busy_share", results.busy_share);
  out.field("failed", results.failed());
  out.key("operations").begin_array();
  for (const OperationResult& result : results.operations)
    write_operation(out, result, results.window_seconds);
  out.end_array();
  if (results.lag.count > 0) {
    out.key("open_loop").begin_object().field("not_started", results.not_started);
    out.key("lag").begin_object();
    write_latency(out, results.lag);
    out.end_object().end_object();
  }
  out.key("timeline").begin_array();
  for (std::size_t second = 0; second < results.seconds.size(); ++second) {
    const TimelineSecond& of = results.seconds[second];
    out.begin_object().field("second", std::uint64_t{second}).field("good", of.latency.count);
    out.field("failed", of.failed).field("bytes", of.bytes);
    write_latency(out, of.latency);
    out.end_object();
  }
  out.end_array().end_object();
  return out.take();
}

}  // namespace mooring
