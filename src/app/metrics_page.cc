#include "mooring/app/metrics_page.h"

#include <prometheus/text_serializer.h>

#include <array>
#include <sstream>

#include "metrics_families.h"

namespace mooring {

namespace {

/// The sum over the cores of what `counter_of(core)` names.
template <typename CounterOf>
std::uint64_t sum(const MetricsSources& sources, CounterOf counter_of) {
  std::uint64_t total = 0;
  for (const CoreMetrics* core : sources.cores) total += counter_of(*core);
  return total;
}

std::uint64_t sum(const MetricsSources& sources, Counter CoreMetrics::* counter) {
  return sum(sources, [counter](const CoreMetrics& core) { return (core.*counter).get(); });
}

std::uint64_t sum(const MetricsSources& sources, Counter IngestCounters::* counter) {
  return sum(sources, [counter](const CoreMetrics& core) { return (core.ingest.*counter).get(); });
}

std::uint64_t sum(const MetricsSources& sources, Counter AdmissionCounters::* counter) {
  return sum(sources,
             [counter](const CoreMetrics& core) { return (core.ingest.admission.*counter).get(); });
}

void add_admission(MetricsFamilies& out, const MetricsSources& sources) {
  out.begin_counter("mooring_uploads_shed_total",
                    "Uploads answered with 503: from the head, or for being slow while others "
                    "waited for their buffers.")
      .add(sum(sources, &AdmissionCounters::shed_in_flight), {{"reason", "in_flight"}})
      .add(sum(sources, &AdmissionCounters::shed_delay), {{"reason", "delay"}})
      .add(sum(sources, &AdmissionCounters::shed_slow), {{"reason", "slow"}});
  out.gauge("mooring_uploads_waiting", "Uploads that wait for buffers, the disk or their commit.",
            sum(sources, &AdmissionCounters::waiting));
  out.gauge("mooring_uploads_waiting_max", "How many may, before further ones are shed.",
            sum(sources, &AdmissionCounters::waiting_max));
}

void add_requests(MetricsFamilies& out, const MetricsSources& sources) {
  constexpr std::array<std::string_view, kStatusClasses> kClasses = {"1xx", "2xx", "3xx", "4xx",
                                                                     "5xx"};
  out.begin_counter("mooring_requests_total", "Answered requests by resource family and status.");
  const auto add_family = [&](std::size_t row, std::string_view name) {
    for (std::size_t status = 0; status < kStatusClasses; ++status)
      out.add(
          sum(sources, [=](const CoreMetrics& core) { return core.requests[row][status].get(); }),
          {{"family", name}, {"status", kClasses[status]}});
  };
  if (!sources.cores.empty()) {
    const auto families = sources.cores.front()->families();
    for (std::size_t row = 0; row < families.size(); ++row) add_family(row, families[row]);
  }
  add_family(kServerRow, kServerFamily);

  out.begin_counter("mooring_early_refusals_total",
                    "Requests refused from the head alone, before any body was read.");
  for (std::size_t code = 0; code < kErrorCodes; ++code)
    out.add(sum(sources, [=](const CoreMetrics& core) { return core.early_refusals[code].get(); }),
            {{"reason", name_of(static_cast<Errc>(code))}});

  out.begin_histogram("mooring_request_stage_seconds", "Time that requests spent in each stage.");
  for (std::size_t stage = 0; stage < kStages; ++stage) {
    LatencySnapshot merged;
    for (const CoreMetrics* core : sources.cores) merged += core->stages[stage].snapshot();
    out.add(merged, {{"stage", name_of(static_cast<Stage>(stage))}});
  }
}

void add_connections(MetricsFamilies& out, const MetricsSources& sources) {
  const std::uint64_t closed = sum(sources, &CoreMetrics::connections_closed);
  const std::uint64_t accepted = sum(sources, &CoreMetrics::connections_accepted);
  out.counter("mooring_connections_accepted_total", "Connections taken in.", accepted);
  out.gauge("mooring_connections_open", "Connections open now.",
            accepted > closed ? accepted - closed : 0);
  out.begin_counter("mooring_connections_refused_total",
                    "Connections closed without being served.");
  for (std::size_t why = 0; why < kConnectionRefusals; ++why)
    out.add(sum(sources, [=](const CoreMetrics& core) { return core.refused[why].get(); }),
            {{"reason", name_of(static_cast<ConnectionRefusal>(why))}});
  out.begin_counter("mooring_connections_timed_out_total", "Connections closed for being slow.");
  for (std::size_t kind = 0; kind < kTimeouts; ++kind)
    out.add(sum(sources, [=](const CoreMetrics& core) { return core.timed_out[kind].get(); }),
            {{"kind", name_of(static_cast<Timeout>(kind))}});
  out.counter("mooring_received_bytes_total", "Bytes received from clients.",
              sum(sources, &CoreMetrics::bytes_received));
  out.counter("mooring_sent_bytes_total", "Bytes sent to clients.",
              sum(sources, &CoreMetrics::bytes_sent));
}

void add_uploads(MetricsFamilies& out, const MetricsSources& sources) {
  out.counter("mooring_uploads_total", "Files received whole.",
              sum(sources, &IngestCounters::uploads));
  out.counter("mooring_upload_bytes_total", "Bytes of files received whole.",
              sum(sources, &IngestCounters::upload_bytes));
  out.counter("mooring_body_copied_bytes_total", "Bytes of bodies copied in user space.",
              sum(sources, &IngestCounters::copied_bytes));
  out.counter("mooring_uploads_shared_total", "Uploads of content that was already stored.",
              sum(sources, &IngestCounters::shared));
  out.counter("mooring_hash_collisions_total", "Different contents that met under one hash.",
              sum(sources, &IngestCounters::collisions));
}

void add_cores(MetricsFamilies& out, const MetricsSources& sources) {
  out.gauge("mooring_cores", "Event-loop threads.", std::uint64_t{sources.cores.size()});
  out.counter("mooring_ring_enters_total", "System calls of the rings.",
              sum(sources, &CoreMetrics::ring_enters));
  out.counter("mooring_ring_submissions_total", "Operations handed to the kernel.",
              sum(sources, &CoreMetrics::ring_submissions));
  out.counter("mooring_ring_completions_total", "Operations the kernel completed.",
              sum(sources, &CoreMetrics::ring_completions));
  out.gauge("mooring_chunks_leased", "Receive buffers of 1 MiB in use.",
            sum(sources, &CoreMetrics::chunks_leased));
  out.gauge("mooring_chunks_registered", "Receive buffers registered with the kernel.",
            sum(sources, &CoreMetrics::chunks_registered));
  out.gauge("mooring_chunks_max", "Receive buffers there can be.",
            sum(sources, &CoreMetrics::chunks_max));
  out.gauge("mooring_worker_threads", "Threads for what blocks.", sources.workers.threads);
  out.gauge("mooring_worker_queue_length", "Jobs that wait for a worker.", sources.workers.queued);
}

void add_catalog(MetricsFamilies& out, const MetricsSources& sources) {
  const WriterMetrics& writer = sources.writer;
  out.counter("mooring_catalog_mutations_total", "Changes the writer answered.", writer.mutations);
  out.counter("mooring_catalog_mutations_refused_total", "Changes refused by their own rules.",
              writer.refused);
  out.counter("mooring_catalog_mutations_failed_total", "Changes lost to a failed write.",
              writer.failed);
  out.counter("mooring_catalog_apply_seconds_total", "Time the writer spent in changes.",
              static_cast<double>(writer.apply_ns) * 1e-9);
  out.counter("mooring_catalog_write_seconds_total", "Time the writer spent in writes and syncs.",
              static_cast<double>(writer.write_ns) * 1e-9);
  out.begin_histogram("mooring_catalog_batch_mutations", "Changes per synced batch.")
      .add_powers_of_two(writer.batches_by_size, writer.mutations);

  const DatabaseUsage& database = sources.database;
  out.begin_gauge("mooring_catalog_memory_bytes", "Memory of the catalogue.")
      .add(database.block_cache_bytes, {{"use", "block_cache"}})
      .add(database.write_buffer_bytes, {{"use", "write_buffers"}})
      .add(database.filter_and_index_bytes, {{"use", "filters_and_indexes"}});
  out.gauge("mooring_catalog_table_bytes", "Tables of the catalogue on disk.",
            database.table_file_bytes);
}

std::uint64_t sum(const MetricsSources& sources, Counter BlobCounters::* counter) {
  std::uint64_t total = 0;
  for (const BlobCounters* core : sources.blobs) total += (core->*counter).get();
  return total;
}

void add_blobs(MetricsFamilies& out, const MetricsSources& sources) {
  out.begin_counter("mooring_blobs_stored_total",
                    "Contents stored, by tier, and those that compaction moved.")
      .add(sum(sources, &BlobCounters::segment_blobs), {{"tier", "segment"}})
      .add(sum(sources, &BlobCounters::file_blobs), {{"tier", "file"}});
  out.begin_counter("mooring_blob_stored_bytes_total", "Bytes of those contents, by tier.")
      .add(sum(sources, &BlobCounters::segment_bytes), {{"tier", "segment"}})
      .add(sum(sources, &BlobCounters::file_bytes), {{"tier", "file"}});
  out.counter("mooring_segment_batches_total", "Writes of gathered small contents.",
              sum(sources, &BlobCounters::segment_batches));
  out.counter("mooring_segments_opened_total", "Segment files begun.",
              sum(sources, &BlobCounters::segments_opened));
  out.counter("mooring_segment_copied_bytes_total", "Bytes copied into segment buffers.",
              sum(sources, &BlobCounters::copied_bytes));
  out.counter("mooring_blob_syncs_total", "Syncs of content.", sum(sources, &BlobCounters::syncs));
  out.counter("mooring_blob_sync_seconds_total", "Time in syncs of content.",
              static_cast<double>(sum(sources, &BlobCounters::sync_ns)) * 1e-9);
  out.counter("mooring_blob_reads_total", "Reads of content.", sum(sources, &BlobCounters::reads));
  out.counter("mooring_blob_read_bytes_total", "Bytes of content read.",
              sum(sources, &BlobCounters::read_bytes));
  out.counter("mooring_blob_read_pauses_total",
              "Downloads that let others have their buffers while their reader was slow.",
              sum(sources, &BlobCounters::read_pauses));
  out.counter("mooring_blobs_corrupt_total", "Contents found not to be what was stored.",
              sum(sources, &BlobCounters::corrupt));
  out.counter("mooring_directory_sync_calls_total", "Publishes that asked for a directory's sync.",
              sources.directory_sync_calls);
  out.counter("mooring_directory_syncs_total", "Syncs of directories, shared by publishes.",
              sources.directory_syncs);
  out.gauge("mooring_disk_free_bytes", "Left on the data directory's file system.",
            sources.space.free_bytes);
  out.gauge("mooring_disk_free_inodes", "Left on the data directory's file system.",
            sources.space.free_inodes);
  out.gauge("mooring_disk_reserve_bytes", "Uploads are refused when less than this is free.",
            sources.space.reserve_bytes);
}

void add_cache(MetricsFamilies& out, const VerifiedCacheNumbers& cache) {
  out.begin_counter("mooring_download_cache_lookups_total",
                    "Contents to be sent, by whether they were in the cache.")
      .add(cache.hits, {{"found", "memory"}})
      .add(cache.misses, {{"found", "disk"}});
  out.counter("mooring_download_cache_entered_total", "Contents that entered the cache.",
              cache.entered);
  out.counter("mooring_download_cache_pushed_out_total",
              "Contents that left the cache to make room.", cache.pushed_out);
  out.gauge("mooring_download_cache_contents", "Contents in the cache.", cache.contents);
  out.gauge("mooring_download_cache_bytes", "Memory of the cache in use.", cache.bytes);
  out.gauge("mooring_download_cache_bytes_max", "Memory the cache may use.", cache.bytes_max);
}

void add_documents(MetricsFamilies& out, const DocumentIndexMetrics& index) {
  out.gauge("mooring_document_index_memory_bytes", "What queries keep of the document index.",
            index.memory_bytes);
  out.begin_counter("mooring_document_index_lookups_total",
                    "Parts of the document index that queries asked for, by where they were.")
      .add(index.hits, {{"found", "memory"}})
      .add(index.misses, {{"found", "database"}});
  out.begin_counter("mooring_document_index_folds_total",
                    "Folds of changed documents into the index, by what became of them.")
      .add(index.folds, {{"outcome", "installed"}})
      .add(index.folds_stale, {{"outcome", "stale"}});
  out.counter("mooring_document_index_changes_folded_total",
              "Changes of documents that were folded into the index.", index.changes_folded);
}

void add_background(MetricsFamilies& out, const MetricsSources& sources) {
  const CompactionCounters& compaction = sources.compaction;
  out.counter("mooring_segments_dropped_total", "Segment files removed, compacted or empty.",
              compaction.segments_dropped.get());
  out.counter("mooring_compaction_moved_blobs_total", "Small contents moved by compaction.",
              compaction.moved_blobs.get());
  out.counter("mooring_compaction_moved_bytes_total", "Bytes of contents moved by compaction.",
              compaction.moved_bytes.get());
  out.counter("mooring_compaction_damaged_total",
              "Contents that compaction left in place because they are damaged.",
              compaction.damaged_blobs.get());
  const ScrubCounters& scrub = sources.scrub;
  out.counter("mooring_scrub_blobs_total", "Contents read and verified by the scrub.",
              scrub.blobs.get());
  out.counter("mooring_scrub_bytes_total", "Bytes of contents verified by the scrub.",
              scrub.bytes.get());
  out.counter("mooring_scrub_cycles_total", "Walks of the scrub over the whole store.",
              scrub.cycles.get());
  out.counter("mooring_damage_found_total", "Contents newly found and marked as damaged.",
              scrub.found.get());
  out.gauge("mooring_blobs_damaged", "Contents marked as damaged now.", scrub.marked.get());
}

void add_images(MetricsFamilies& out, const MetricsSources& sources) {
  const ImageMetrics& images = sources.images;
  out.begin_gauge("mooring_image_queue_length", "Orders that wait for an image worker.")
      .add(images.checks.waiting, {{"lane", "checks"}})
      .add(images.renditions.waiting, {{"lane", "renditions"}});
  out.begin_gauge("mooring_image_workers_busy", "Image workers with an order.")
      .add(images.checks.working, {{"lane", "checks"}})
      .add(images.renditions.working, {{"lane", "renditions"}});
  out.begin_counter("mooring_image_jobs_total", "Orders of pictures, by what became of them.")
      .add(images.done, {{"outcome", "done"}})
      .add(images.refused, {{"outcome", "refused"}})
      .add(images.crashed, {{"outcome", "crashed"}})
      .add(images.timed_out, {{"outcome", "timed_out"}})
      .add(images.misbehaved, {{"outcome", "misbehaved"}})
      .add(images.failed, {{"outcome", "failed"}})
      .add(images.turned_away, {{"outcome", "turned_away"}});
  out.counter("mooring_image_failures_recalled_total",
              "Pictures that failed not long ago and were not tried again.",
              sources.image_failures_recalled);
  out.counter("mooring_image_processes_started_total", "Image workers started.",
              images.processes_started);
  out.counter("mooring_image_busy_seconds_total", "Time image workers had an order.",
              static_cast<double>(images.busy_ns) * 1e-9);
}

void add_process(MetricsFamilies& out, const MetricsSources& sources) {
  const ProcessGauges& process = sources.process;
  out.begin_gauge("mooring_info", "Always 1; the labels say what is running.")
      .add(1.0, {{"version", sources.version}, {"durability", name_of(sources.durability)}});
  out.counter("mooring_access_log_lines_total", "Lines of the access log that were written.",
              sources.access_log.written);
  out.counter("mooring_access_log_dropped_total", "Lines of the access log that were lost.",
              sources.access_log.dropped);
  out.begin_gauge("mooring_heap_bytes", "The heap: what is in use, and what memory it holds.")
      .add(sources.heap.allocated_bytes, {{"use", "allocated"}})
      .add(sources.heap.resident_bytes, {{"use", "resident"}});
  out.gauge("process_resident_memory_bytes", "Resident memory.", process.resident_bytes);
  out.gauge("process_virtual_memory_bytes", "Virtual memory.", process.virtual_bytes);
  out.gauge("process_open_fds", "Open file descriptors.", process.open_files);
  out.gauge("process_max_fds", "Limit of open file descriptors.", process.open_files_max);
  out.gauge("process_threads", "Threads.", process.threads);
  out.counter("process_cpu_seconds_total", "User and system time.", process.cpu_seconds);
  out.gauge("process_start_time_seconds", "Start, in seconds since 1970.",
            static_cast<double>(process.start_unix_s));
}

}  // namespace

std::string render_metrics(const MetricsSources& sources) {
  MetricsFamilies families;
  add_process(families, sources);
  add_requests(families, sources);
  add_connections(families, sources);
  add_uploads(families, sources);
  add_admission(families, sources);
  add_blobs(families, sources);
  add_cache(families, sources.cache);
  add_catalog(families, sources);
  add_cores(families, sources);
  add_background(families, sources);
  add_images(families, sources);
  add_documents(families, sources.documents);
  std::ostringstream page;
  prometheus::TextSerializer().Serialize(page, families.all());
  return std::move(page).str();
}

}  // namespace mooring
