// What counts, and what all cores come to.
#include "load/statistics.h"

#include <gtest/gtest.h>

#include "load/report.h"
#include "mooring/base/json_reader.h"

namespace mooring {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kMillisecond = 1'000'000;

Scenario one_operation() {
  Scenario scenario;
  scenario.title = "a <title> & more";
  scenario.target = {"127.0.0.1", 1};
  scenario.groups.emplace_back();
  scenario.groups[0].operations.emplace_back();
  return scenario;
}

// A run long ago: warm-up of 1 s, 2 s of measurement, 1 s of drain.
constexpr RunTimes kTimes{kSecond, 2 * kSecond, 4 * kSecond, 5 * kSecond};

RequestOutcome good(std::uint64_t intended_ns, std::uint64_t finished_ns) {
  return {intended_ns, finished_ns, {}, 200, 1000, 0};
}

TEST(Statistics, OnlyTheWindowCountsAndNoFailureIsLost) {
  const Scenario scenario = one_operation();
  CoreStatistics core(scenario, kTimes);
  core.record(0, 0, good(kSecond, 2 * kSecond - 1));  // warm-up
  core.record(0, 0, good(2 * kSecond, 3 * kSecond));
  core.record(0, 0, good(3 * kSecond, 4 * kSecond));  // drain
  core.record(0, 0, {kSecond, kSecond + 1, Failure::status, 500, 0, 0});
  core.record(0, 0, {kSecond, 3 * kSecond, Failure::shed, 503, 0, 0});
  core.record(0, 0, {kSecond, 5 * kSecond, Failure::timeout, 0, 0, 0});
  const OperationCounts& counts = core.of(0, 0);
  EXPECT_EQ(counts.good, 1u);
  EXPECT_EQ(counts.sent_bytes, 1000u);
  EXPECT_EQ(counts.longest_ns, kSecond);
  EXPECT_EQ(counts.failures[static_cast<std::size_t>(Failure::shed)], 1u);
  EXPECT_EQ(counts.failures_outside[static_cast<std::size_t>(Failure::status)], 1u);
  EXPECT_EQ(counts.statuses[503 - kStatusMin], 1u);
  EXPECT_EQ(counts.unfinished, 1u);
}

TEST(Statistics, LatencyCountsFromTheIntendedStart) {
  const Scenario scenario = one_operation();
  CoreStatistics core(scenario, kTimes);
  core.record(0, 0, good(2 * kSecond, 2 * kSecond + 100 * kMillisecond));
  EXPECT_NEAR(static_cast<double>(core.of(0, 0).latency.snapshot().quantile_us(0.5)), 100'000,
              1000);
}

TEST(Statistics, TheTimeLineHasEverySecondFromTheBegin) {
  const Scenario scenario = one_operation();
  CoreStatistics core(scenario, kTimes);
  core.record(0, 0, good(kSecond, kSecond + 1));
  core.record(0, 0, good(kSecond, 3 * kSecond + 1));
  core.record(0, 0, {kSecond, 3 * kSecond + 2, Failure::lost, 0, 0, 0});
  ASSERT_EQ(core.seconds().size(), 3u);
  EXPECT_EQ(core.seconds()[0].latency.count, 1u);
  EXPECT_EQ(core.seconds()[1].latency.count, 0u);
  EXPECT_EQ(core.seconds()[2].latency.count, 1u);
  EXPECT_EQ(core.seconds()[2].failed, 1u);
  EXPECT_EQ(core.seconds()[2].bytes, 1000u);
}

Results two_cores(const Scenario& scenario) {
  std::vector<std::unique_ptr<CoreStatistics>> cores;
  for (std::uint64_t core = 0; core < 2; ++core) {
    cores.push_back(std::make_unique<CoreStatistics>(scenario, kTimes));
    for (std::uint64_t i = 1; i <= 100; ++i)
      cores[core]->record(0, 0, good(2 * kSecond, 2 * kSecond + (i + core * 100) * kMillisecond));
    cores[core]->record(0, 0, {kSecond, 3 * kSecond, Failure::content, 200, 0, 0});
    cores[core]->busy_ns.set(kSecond);
  }
  return sum_up(scenario, kTimes, cores);
}

TEST(Statistics, CoresAddUp) {
  const Results results = two_cores(one_operation());
  ASSERT_EQ(results.operations.size(), 1u);
  const OperationResult& operation = results.operations[0];
  EXPECT_EQ(operation.good, 200u);
  EXPECT_EQ(operation.statuses.at(200), 202u);
  EXPECT_EQ(operation.longest_ns, 200 * kMillisecond);
  EXPECT_NEAR(static_cast<double>(operation.latency.quantile_us(0.5)), 100'000, 1000);
  EXPECT_NEAR(static_cast<double>(operation.latency.quantile_us(0.99)), 198'000, 2000);
  EXPECT_EQ(results.failed(), 2u);
  EXPECT_EQ(results.window_seconds, 2.0);
  EXPECT_EQ(results.busy_share, 0.5);
}

TEST(Statistics, ARunOfSoManyRequestsEndsWithTheLast) {
  Scenario scenario = one_operation();
  scenario.groups[0].requests_max = 201;
  EXPECT_EQ(two_cores(scenario).window_seconds, 1.0);
}

TEST(Report, TheJsonSaysTheSame) {
  const Scenario scenario = one_operation();
  const Results results = two_cores(scenario);
  const Result<JsonValue> json = parse_json(report_json(scenario, results));
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(*json->find_string("title"), "a <title> & more");
  EXPECT_EQ(json->find("failed")->as_integer(), 2);
  const JsonValue& operation = json->find("operations")->items()[0];
  EXPECT_EQ(operation.find("good")->as_integer(), 200);
  EXPECT_EQ(operation.find("good_per_second")->as_number(), 100);
  EXPECT_EQ(operation.find("latency")->find("max_us")->as_integer(), 200'000);
  EXPECT_EQ(operation.find("failures")->find("content")->as_integer(), 2);
  EXPECT_EQ(json->find("timeline")->items().size(), results.seconds.size());
}

TEST(Report, TextAndPlotNameWhatTheyShow) {
  const Scenario scenario = one_operation();
  const Results results = two_cores(scenario);
  const std::string text = report_text(scenario, results);
  EXPECT_NE(text.find("200  100.0/s"), std::string::npos) << text;
  EXPECT_NE(text.find("2  content"), std::string::npos) << text;
  const std::string svg = report_svg(scenario, results);
  EXPECT_TRUE(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
  EXPECT_NE(svg.find("a &lt;title&gt; &amp; more"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

}  // namespace
}  // namespace mooring
