// Metrics: what cores count is what the page says, in valid Prometheus text.
#include "mooring/app/metrics_page.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <ctime>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <sstream>

namespace mooring {
namespace {

constexpr std::string_view kFamilyNames[] = {"pictures", "documents"};

/// A page read back, line by line: samples by their name with labels, types by family.
struct Page {
  std::map<std::string, double> samples;
  std::map<std::string, std::string> types;
  std::vector<std::string> order;

  [[nodiscard]] double at(const std::string& name) const {
    const auto found = samples.find(name);
    EXPECT_NE(found, samples.end()) << name;
    return found == samples.end() ? NAN : found->second;
  }
};

std::string family_of(const std::string& sample, const std::string& current) {
  for (const char* suffix : {"_bucket", "_sum", "_count", ""})
    if (sample == current + suffix) return current;
  return sample;
}

Page read_page(const std::string& text) {
  static const std::regex kComment(R"(^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$)");
  static const std::regex kSample(
      R"re(^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*\})? (\S+)$)re");
  Page page;
  std::set<std::string> helped;
  std::string current;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, kComment)) {
      current = match[2];
      if (match[1] == "HELP")
        EXPECT_TRUE(helped.insert(current).second) << "HELP twice: " << line;
      else
        EXPECT_TRUE(page.types.emplace(current, match[3]).second) << "TYPE twice: " << line;
      continue;
    }
    if (!std::regex_match(line, match, kSample)) {
      ADD_FAILURE() << "no line of the format: " << line;
      continue;
    }
    EXPECT_EQ(family_of(match[1], current), current) << "outside of its family: " << line;
    const std::string name = match[1].str() + match[2].str();
    EXPECT_TRUE(page.samples.emplace(name, std::stod(match[4])).second) << "twice: " << line;
    page.order.push_back(name);
  }
  EXPECT_EQ(helped.size(), page.types.size());
  return page;
}

TEST(MetricsPage, IsValidTextWithEveryFamilyOnceAlsoWhenNothingHappened) {
  const CoreMetrics core(kFamilyNames);
  const CoreMetrics* cores[] = {&core};
  const Page page = read_page(render_metrics({.cores = cores, .version = "1.2.3"}));
  EXPECT_EQ(page.types.at("mooring_requests_total"), "counter");
  EXPECT_EQ(page.types.at("mooring_connections_open"), "gauge");
  EXPECT_EQ(page.types.at("mooring_request_stage_seconds"), "histogram");
  for (const auto& [name, type] : page.types)
    EXPECT_EQ(name.ends_with("_total"), type == "counter") << name;
  EXPECT_EQ(page.at("mooring_requests_total{family=\"documents\",status=\"5xx\"}"), 0);
  EXPECT_EQ(page.at("mooring_requests_total{family=\"server\",status=\"2xx\"}"), 0);
  EXPECT_EQ(page.at("mooring_early_refusals_total{reason=\"internal\"}"), 0);
  EXPECT_EQ(page.at("mooring_body_copied_bytes_total"), 0);
}

TEST(MetricsPage, SaysVersionAndDurabilityAsLabels) {
  EXPECT_EQ(read_page(render_metrics({.version = "1.2.3", .durability = Durability::relaxed}))
                .at("mooring_info{version=\"1.2.3\",durability=\"relaxed\"}"),
            1);
}

TEST(MetricsPage, MergesTheCores) {
  CoreMetrics first(kFamilyNames), second(kFamilyNames);
  first.request_answered("pictures", 201);
  first.request_answered("pictures", 200);
  second.request_answered("pictures", 204);
  second.request_answered("documents", 404);
  second.request_answered("no such family", 503);
  first.connection_accepted();
  second.connection_accepted();
  second.connection_accepted();
  second.connection_closed();
  second.connection_timed_out(Timeout::body);
  first.connection_refused(ConnectionRefusal::too_many);
  first.refused_early(Errc::unauthenticated);
  second.refused_early(Errc::unauthenticated);
  first.received(10);
  second.received(20);
  second.sent(5);
  first.ingest.upload_bytes += 1 << 20;
  second.ingest.upload_bytes += 1 << 20;
  second.ingest.copied_bytes += 7;
  first.publish({.ring_enters = 3, .chunks_leased = 2, .chunks_max = 64});
  second.publish({.ring_enters = 4, .chunks_leased = 1, .chunks_max = 64});
  second.publish({.ring_enters = 5, .chunks_leased = 0, .chunks_max = 64});

  const CoreMetrics* cores[] = {&first, &second};
  const Page page = read_page(render_metrics({.cores = cores}));
  EXPECT_EQ(page.at("mooring_requests_total{family=\"pictures\",status=\"2xx\"}"), 3);
  EXPECT_EQ(page.at("mooring_requests_total{family=\"documents\",status=\"4xx\"}"), 1);
  EXPECT_EQ(page.at("mooring_requests_total{family=\"server\",status=\"5xx\"}"), 1);
  EXPECT_EQ(page.at("mooring_connections_accepted_total"), 3);
  EXPECT_EQ(page.at("mooring_connections_open"), 2);
  EXPECT_EQ(page.at("mooring_connections_timed_out_total{kind=\"body\"}"), 1);
  EXPECT_EQ(page.at("mooring_connections_refused_total{reason=\"too_many\"}"), 1);
  EXPECT_EQ(page.at("mooring_early_refusals_total{reason=\"unauthenticated\"}"), 2);
  EXPECT_EQ(page.at("mooring_received_bytes_total"), 30);
  EXPECT_EQ(page.at("mooring_sent_bytes_total"), 5);
  EXPECT_EQ(page.at("mooring_upload_bytes_total"), 2 << 20);
  EXPECT_EQ(page.at("mooring_body_copied_bytes_total"), 7);
  EXPECT_EQ(page.at("mooring_ring_enters_total"), 8);
  EXPECT_EQ(page.at("mooring_chunks_leased"), 2);
  EXPECT_EQ(page.at("mooring_chunks_max"), 128);
  EXPECT_EQ(page.at("mooring_cores"), 2);
}

TEST(MetricsPage, ShowsEachStageAsACumulativeHistogramInSeconds) {
  CoreMetrics first(kFamilyNames), second(kFamilyNames);
  first.stage_took(Stage::commit, 300'000);         // 0.3 ms
  second.stage_took(Stage::commit, 2'000'000'000);  // 2 s
  second.stage_took(Stage::commit, 500'000'000'000);
  const CoreMetrics* cores[] = {&first, &second};
  const Page page = read_page(render_metrics({.cores = cores}));
  const std::string prefix = "mooring_request_stage_seconds_bucket{stage=\"commit\",le=\"";
  double below = 0, bound = 0;
  int bounds = 0;
  for (const std::string& name : page.order) {
    if (!name.starts_with(prefix)) continue;
    const double le = std::stod(name.substr(prefix.size()));  // "+Inf" too
    const double count = page.at(name);
    EXPECT_GT(le, bound) << name;
    EXPECT_GE(count, below) << name;
    EXPECT_EQ(count, (le > 0.0003) + (le > 2.0) + std::isinf(le)) << name;
    bound = le;
    below = count;
    ++bounds;
  }
  EXPECT_TRUE(std::isinf(bound));
  EXPECT_GT(bounds, 40);
  EXPECT_EQ(page.at("mooring_request_stage_seconds_count{stage=\"commit\"}"), 3);
  EXPECT_NEAR(page.at("mooring_request_stage_seconds_sum{stage=\"commit\"}"), 502.0003, 1e-4);
  EXPECT_EQ(page.at("mooring_request_stage_seconds_count{stage=\"hash\"}"), 0);
}

TEST(MetricsPage, ShowsTheSourcesOfTheWholeProcess) {
  BlobCounters first, second;
  first.file_blobs.add(2);
  second.file_blobs.add(3);
  second.sync_ns.add(1'500'000'000);
  const BlobCounters* blobs[] = {&first, &second};
  WriterMetrics writer{.batches = 3, .mutations = 8, .write_ns = 2'000'000'000};
  writer.batches_by_size = {1, 0, 1, 0, 0, 0, 0, 0, 0, 1};
  const Page page =
      read_page(render_metrics({.writer = writer,
                                .database = {.block_cache_bytes = 77},
                                .blobs = blobs,
                                .space = {.free_bytes = 1 << 30},
                                .workers = {.threads = 4, .queued = 9},
                                .access_log = {.written = 5, .dropped = 1},
                                .process = {.open_files = 12},
                                .heap = {.allocated_bytes = 28, .resident_bytes = 40}}));
  EXPECT_EQ(page.at("mooring_blobs_stored_total{tier=\"file\"}"), 5);
  EXPECT_EQ(page.at("mooring_blob_sync_seconds_total"), 1.5);
  EXPECT_EQ(page.at("mooring_catalog_write_seconds_total"), 2);
  EXPECT_EQ(page.at("mooring_catalog_batch_mutations_bucket{le=\"1\"}"), 1);
  EXPECT_EQ(page.at("mooring_catalog_batch_mutations_bucket{le=\"4\"}"), 2);
  EXPECT_EQ(page.at("mooring_catalog_batch_mutations_bucket{le=\"256\"}"), 2);
  EXPECT_EQ(page.at("mooring_catalog_batch_mutations_bucket{le=\"+Inf\"}"), 3);
  EXPECT_EQ(page.at("mooring_catalog_batch_mutations_sum"), 8);
  EXPECT_EQ(page.at("mooring_catalog_memory_bytes{use=\"block_cache\"}"), 77);
  EXPECT_EQ(page.at("mooring_worker_queue_length"), 9);
  EXPECT_EQ(page.at("mooring_access_log_dropped_total"), 1);
  EXPECT_EQ(page.at("mooring_disk_free_bytes"), 1 << 30);
  EXPECT_EQ(page.at("process_open_fds"), 12);
  EXPECT_EQ(page.at("mooring_heap_bytes{use=\"allocated\"}"), 28);
  EXPECT_EQ(page.at("mooring_heap_bytes{use=\"resident\"}"), 40);
}

TEST(HeapGauges, KnowWhatIsAllocated) {
  const HeapGauges before = read_heap_gauges();
  if (before.allocated_bytes == 0) GTEST_SKIP() << "a sanitizer's heap";
  EXPECT_GE(before.resident_bytes, before.allocated_bytes);
  constexpr std::size_t kBytes = 32u << 20;
  const auto block = std::make_unique_for_overwrite<char[]>(kBytes);
  const void* volatile seen = block.get();  // what nobody looks at need not be allocated
  EXPECT_NE(seen, nullptr);
  EXPECT_GE(read_heap_gauges().allocated_bytes, before.allocated_bytes + kBytes / 2);
}

TEST(ProcessGauges, AreThoseOfThisProcess) {
  const ProcessGauges now = read_process_gauges();
  EXPECT_GT(now.resident_bytes, 1'000'000u);
  EXPECT_GE(now.virtual_bytes, now.resident_bytes);
  EXPECT_GE(now.open_files, 3u);
  EXPECT_GE(now.open_files_max, now.open_files);
  EXPECT_GE(now.threads, 1u);
  EXPECT_LE(now.start_unix_s, std::time(nullptr) + 2);
  EXPECT_GT(now.start_unix_s, std::time(nullptr) - 3600);

  const int extra = ::dup(0);
  EXPECT_EQ(read_process_gauges().open_files, now.open_files + 1);
  ::close(extra);
}

}  // namespace
}  // namespace mooring
