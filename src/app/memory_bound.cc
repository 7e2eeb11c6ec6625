#include "mooring/app/memory_bound.h"

#include <fmt/format.h>

#include "mooring/api/documents/zip_reader.h"
#include "mooring/app/throttle.h"
#include "mooring/auth/key_cache.h"
#include "mooring/auth/token_cache.h"
#include "mooring/image/failures.h"
#include "mooring/image/pool.h"
#include "mooring/uring/chunk_pool.h"
#include "mooring/uring/head_buffers.h"

namespace mooring {

namespace {

// Measured: a connection's frames, its parser with a hundred field slots, and its peer's name.
constexpr std::uint64_t kConnectionBytes = 8_KiB;
// api/upload.cc: the largest body that gets a buffer of its own size, and what goes on behind a
// file.
constexpr std::uint64_t kSmallBodyBytes = 64_KiB + 32_KiB;
// An archive that fits into a chunk is copied out of it (api/documents/upload_archive.cc).
constexpr std::uint64_t kSmallArchiveBytes = kChunkBytes;

}  // namespace

MemoryBound memory_bound(const Config& config, std::uint64_t cores) noexcept {
  MemoryBound bound;
  bound.chunks_bytes = cores * config.limits.chunks_per_core * (kChunkBytes + kChunkSlackBytes);
  bound.chunks_bytes += cores * config.data.segment_ahead_bytes;
  bound.heads_bytes = cores * config.limits.head_buffers_per_core * kHeadBufferBytes;
  bound.small_bodies_bytes = config.limits.uploads_in_flight_max * kSmallBodyBytes;
  // Where head buffers are short, a request lies in memory of its connection's own.
  bound.connections_bytes = config.limits.connections_max * (kConnectionBytes + kHeadBufferBytes);
  bound.tokens_bytes = cores * (TokenCache::bytes_max(config.auth.cached_tokens_per_core) +
                                KeyCache::bytes_max(config.auth.cached_keys_per_core));
  bound.tokens_bytes += Throttle::bytes_max(config.limits.guesses_per_minute_max) +
                        Throttle::bytes_max(config.limits.requests_per_second_max);
  bound.catalog_bytes = config.rocksdb.block_cache_bytes + config.rocksdb.row_cache_bytes +
                        config.rocksdb.write_buffer_bytes +
                        cores * config.rocksdb.record_cache_bytes_per_core;
  // Each rendition that is admitted holds at most a segment's content, each that is worked on a
  // copy of it; renditions in memory are bounded by the pool (image/pool.h, I6). A check that waits
  // holds its upload's buffer, which is counted there.
  const RenditionsConfig& renditions = config.renditions;
  const std::uint64_t content_bytes = config.data.segment_threshold_bytes + kBlockBytes;
  bound.images_bytes = renditions.workers * (renditions.memory_bytes_max +
                                             kOutputsPerWorker * renditions.output_bytes_max) +
                       (renditions.queue_max + 2 * renditions.workers) * content_bytes +
                       renditions.check_workers * (renditions.memory_bytes_max + content_bytes) +
                       ImageFailures::bytes_max(renditions.failures_max);
  // An archive's largest file is in memory while it is stored, and so is its directory.
  const DocumentsConfig& documents = config.documents;
  bound.documents_bytes =
      documents.index_memory_bytes +
      documents.zips_in_flight_max * (documents.zip_entry_bytes_max + kSmallArchiveBytes +
                                      2 * documents.zip_entries_max * kDirectoryBytesPerEntry);
  bound.downloads_bytes = config.downloads.cache_bytes;
  return bound;
}

std::string to_string(const MemoryBound& bound) {
  const auto mib = [](std::uint64_t bytes) { return (bytes + 1_MiB - 1) / 1_MiB; };
  return fmt::format(
      "at most {} MiB: chunks {}, heads {}, small bodies {}, connections {}, tokens {}, catalogue "
      "{}, images {}, documents {}, downloads {}",
      mib(bound.total_bytes()), mib(bound.chunks_bytes), mib(bound.heads_bytes),
      mib(bound.small_bodies_bytes), mib(bound.connections_bytes), mib(bound.tokens_bytes),
      mib(bound.catalog_bytes), mib(bound.images_bytes), mib(bound.documents_bytes),
      mib(bound.downloads_bytes));
}

}  // namespace mooring
