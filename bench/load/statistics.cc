#include "load/statistics.h"

#include <algorithm>
#include <numeric>

#include "mooring/base/clock.h"

namespace mooring {

namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
// Reserved at the start, so that the time line does not move while requests are under way.
constexpr std::uint64_t kSecondsReservedMax = 3600;

void add_up(OperationResult& result, const OperationCounts& counts) {
  result.latency += counts.latency.snapshot();
  result.longest_ns = std::max(result.longest_ns, counts.longest_ns.get());
  result.good += counts.good;
  result.sent_bytes += counts.sent_bytes;
  result.received_bytes += counts.received_bytes;
  for (std::size_t i = 0; i < kFailures; ++i) {
    result.failures[i] += counts.failures[i];
    result.failures_outside[i] += counts.failures_outside[i];
  }
  for (std::size_t i = 0; i < kStatuses; ++i)
    if (counts.statuses[i] > 0)
      result.statuses[static_cast<int>(i) + kStatusMin] += counts.statuses[i];
  result.read_back += counts.read_back;
  result.read_back_bytes += counts.read_back_bytes;
  result.unfinished += counts.unfinished;
}

}  // namespace

CoreStatistics::CoreStatistics(const Scenario& scenario, const RunTimes& times) : times_(times) {
  for (const LoadGroup& group : scenario.groups) {
    auto& counts = counts_.emplace_back();
    for (std::size_t i = 0; i < group.operations.size(); ++i)
      counts.push_back(std::make_unique<OperationCounts>());
  }
  const std::uint64_t seconds = (times.drained_ns - times.begin_ns) / kNanosecondsPerSecond + 2;
  seconds_.reserve(std::min(seconds, kSecondsReservedMax));
}

TimelineSecond& CoreStatistics::second_at(std::uint64_t now_ns) {
  const std::size_t second = (now_ns - times_.begin_ns) / kNanosecondsPerSecond;
  if (second >= seconds_.size()) seconds_.resize(second + 1);
  return seconds_[second];
}

void CoreStatistics::record(std::size_t group, std::size_t operation,
                            const RequestOutcome& outcome) {
  OperationCounts& counts = of(group, operation);
  const std::uint64_t now = outcome.finished_ns;
  if (outcome.failure && now >= times_.drained_ns) {
    ++counts.unfinished;
    return;
  }
  const std::uint64_t took_ns = now - std::min(now, outcome.intended_ns);
  TimelineSecond& second = second_at(now);
  const bool counts_in_window = now >= times_.measure_ns && now < times_.end_ns;
  if (outcome.failure) {
    const auto failure = static_cast<std::size_t>(*outcome.failure);
    ++second.failed;
    ++(counts_in_window ? counts.failures : counts.failures_outside)[failure];
  } else {
    ++second.latency.counts[LatencyBuckets::of(took_ns / 1000)];
    ++second.latency.count;
    second.latency.sum_ns += took_ns;
    second.bytes += outcome.sent_bytes + outcome.received_bytes;
  }
  if (!counts_in_window) return;
  last_finished_ns.set(now);
  if (outcome.status >= kStatusMin) ++counts.statuses[outcome.status - kStatusMin];
  if (outcome.failure) return;
  ++counts.good;
  counts.sent_bytes += outcome.sent_bytes;
  counts.received_bytes += outcome.received_bytes;
  counts.latency.record(took_ns);
  if (took_ns > counts.longest_ns) counts.longest_ns.set(took_ns);
}

std::uint64_t OperationResult::failed() const noexcept {
  return std::accumulate(failures.begin(), failures.end(), std::uint64_t{0});
}

std::uint64_t OperationResult::failed_outside() const noexcept {
  return std::accumulate(failures_outside.begin(), failures_outside.end(), std::uint64_t{0});
}

std::uint64_t Results::failed() const noexcept {
  std::uint64_t sum = 0;
  for (const OperationResult& operation : operations)
    sum += operation.failed() + operation.failed_outside();
  return sum;
}

Results sum_up(const Scenario& scenario, const RunTimes& times,
               const std::vector<std::unique_ptr<CoreStatistics>>& cores) {
  Results results;
  std::uint64_t last_ns = 0;
  std::uint64_t busy_ns = 0;
  bool until_time_is_over = false;
  for (std::size_t group = 0; group < scenario.groups.size(); ++group) {
    until_time_is_over |= scenario.groups[group].requests_max == 0;
    const auto& operations = scenario.groups[group].operations;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      OperationResult& result = results.operations.emplace_back();
      result.group = scenario.groups[group].name;
      result.name = operations[i].name;
      for (const auto& core : cores) add_up(result, core->of(group, i));
    }
  }
  for (const auto& core : cores) {
    results.lag += core->lag.snapshot();
    results.not_started += core->not_started;
    results.connections += core->connections;
    busy_ns += core->busy_ns;
    last_ns = std::max(last_ns, core->last_finished_ns.get());
    if (results.seconds.size() < core->seconds().size())
      results.seconds.resize(core->seconds().size());
    for (std::size_t i = 0; i < core->seconds().size(); ++i) {
      results.seconds[i].latency += core->seconds()[i].latency;
      results.seconds[i].failed += core->seconds()[i].failed;
      results.seconds[i].bytes += core->seconds()[i].bytes;
    }
  }
  // A run of so many requests is over with the last of them.
  const std::uint64_t now_ns = std::min(monotonic_ns(), times.end_ns);
  const std::uint64_t end_ns =
      until_time_is_over ? now_ns : std::max(last_ns, times.measure_ns + 1);
  results.window_seconds = static_cast<double>(end_ns - std::min(end_ns, times.measure_ns)) * 1e-9;
  const double core_seconds = results.window_seconds * static_cast<double>(cores.size());
  if (core_seconds > 0) results.busy_share = static_cast<double>(busy_ns) * 1e-9 / core_seconds;
  return results;
}

}  // namespace mooring
