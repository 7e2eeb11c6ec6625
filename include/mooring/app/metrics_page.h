// The page of metrics: everything that is counted, merged over the cores, as Prometheus text.
//
// A pure function of plain values: whoever serves /metrics gathers the sources (each knows its own
// thread) and calls it on a worker, for it formats about a thousand lines (the text format 0.0.4 of
// Prometheus). Names begin with `mooring_`; those of the process follow Prometheus' own convention.
// Durations are seconds, sizes are bytes, counters end in `_total`.
//
// Invariants:
//   I1  every family of metrics is there on every page, with all of its labels, also while it is
//   zero:
//       an alert on a rate must not wait for the first event;
//   I2  a family's HELP and TYPE stand once, before its samples.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "mooring/api/compact.h"
#include "mooring/api/scrub.h"
#include "mooring/app/access_log.h"
#include "mooring/app/heap.h"
#include "mooring/app/metrics.h"
#include "mooring/app/process_gauges.h"
#include "mooring/base/durability.h"
#include "mooring/blob/options.h"
#include "mooring/blob/verified_cache.h"
#include "mooring/catalog/database.h"
#include "mooring/catalog/document_index.h"
#include "mooring/catalog/writer.h"
#include "mooring/image/pool.h"

namespace mooring {

/// The content type of the page.
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

struct WorkerGauges {
  std::uint64_t threads = 0;
  std::uint64_t queued = 0;  ///< jobs that wait for a thread
};

struct SpaceGauges {
  std::uint64_t free_bytes = 0;
  std::uint64_t free_inodes = 0;
  std::uint64_t reserve_bytes = 0;  ///< uploads are refused below this
};

/// The texts behind the views outlive the call.
struct MetricsSources {
  std::span<const CoreMetrics* const> cores = {};
  WriterMetrics writer = {};
  DatabaseUsage database = {};
  std::span<const BlobCounters* const> blobs = {};  ///< of each core
  VerifiedCacheNumbers cache = {};
  CompactionCounters compaction = {};
  ScrubCounters scrub = {};
  std::uint64_t directory_sync_calls = 0;  ///< publishes that asked for a directory's sync
  std::uint64_t directory_syncs = 0;       ///< syncs made for them
  SpaceGauges space = {};
  WorkerGauges workers = {};
  ImageMetrics images = {};
  std::uint64_t image_failures_recalled = 0;
  DocumentIndexMetrics documents = {};
  AccessLogCounters access_log = {};
  ProcessGauges process = {};
  HeapGauges heap = {};
  std::string_view version = {};
  Durability durability = Durability::durable;
};

/// The whole page. Any thread.
[[nodiscard]] std::string render_metrics(const MetricsSources& sources);

}  // namespace mooring
