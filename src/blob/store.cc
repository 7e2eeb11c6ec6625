#include "mooring/blob/store.h"

#include <algorithm>
#include <bit>

#include "mooring/base/check.h"
#include "mooring/base/log.h"
#include "mooring/core/core.h"
#include "mooring/uring/chunk_pool.h"

namespace mooring {

Result<std::unique_ptr<BlobStore>> BlobStore::open(std::unique_ptr<DataDirectory> directory,
                                                   BlobOptions options) {
  Result<std::vector<std::string>> names = list_directory(directory->segments_fd());
  if (!names) return std::unexpected(names.error());
  std::unique_ptr<BlobStore> store(new BlobStore(std::move(directory), std::move(options)));
  for (const std::string& name : *names)
    if (const std::optional<SegmentId> segment = parse_segment_id(name))
      store->note_segment(*segment);
  return store;
}

BlobStore::BlobStore(std::unique_ptr<DataDirectory> directory, BlobOptions options)
    : directory_(std::move(directory)),
      options_(std::move(options)),
      directory_syncs_(*directory_),
      cache_(options_.cache_bytes, options_.copied_bytes_max) {
  MOORING_CHECK(options_.segment_bytes >= 4_MiB && options_.segment_bytes % kBlockBytes == 0,
                "a segment is whole blocks and at least 4 MiB");
  MOORING_CHECK(std::has_single_bit(options_.read_piece_bytes) &&
                    options_.read_piece_bytes >= kBlockBytes &&
                    options_.read_piece_bytes <= kChunkBytes,
                "pieces divide a chunk and are whole blocks");
}

BlobStore::~BlobStore() {
  MOORING_CHECK(open_segments_.empty(), "the blob store ends before a core's half was stopped");
}

void BlobStore::note_segment(SegmentId segment) {
  const std::lock_guard lock(segments_mutex_);
  std::uint32_t& used = numbers_used_[segment.core];
  used = std::max(used, segment.number);
}

SegmentId BlobStore::open_segment(unsigned core) {
  const std::lock_guard lock(segments_mutex_);
  SegmentId segment;
  segment.core = static_cast<std::uint16_t>(core);
  segment.number = ++numbers_used_[segment.core];
  MOORING_CHECK(segment.number != 0, "the numbers of segments are used up");
  open_segments_.insert(segment);
  return segment;
}

void BlobStore::close_segment(SegmentId segment) {
  const std::lock_guard lock(segments_mutex_);
  open_segments_.erase(segment);
}

bool BlobStore::is_open(SegmentId segment) const {
  const std::lock_guard lock(segments_mutex_);
  return open_segments_.contains(segment);
}

void BlobStore::report_sync_failure(const Error& error) noexcept {
  if (sync_failed_.exchange(true)) return;
  log_error("blob", "{}: nothing of this batch is acknowledged, the process stops",
            describe(error));
  if (options_.on_sync_failure) options_.on_sync_failure(error);
}

CoreBlobs::CoreBlobs(Core& core, BlobStore& store)
    : core_(core),
      store_(store),
      segment_files_(core, store.directory(), store.options().segment_descriptors_max),
      segment_writer_(core, store, counters_),
      large_writes_(core, store.options().large_writes_max) {}

Task<void> CoreBlobs::start() {
  {
    const std::lock_guard lock(store_.cores_mutex_);
    store_.cores_.insert(this);
  }
  return segment_writer_.start();
}

Task<void> CoreBlobs::stop() {
  {
    const std::lock_guard lock(store_.cores_mutex_);
    store_.cores_.erase(this);
  }
  return segment_writer_.stop();
}

void CoreBlobs::note_damage(const BlobId& id, const char* what) {
  counters_.corrupt.add(1);
  log_error("blob", "blob {} is damaged: {}", to_string(id), what);
  const std::lock_guard lock(store_.suspects_mutex_);
  if (store_.suspects_.size() < BlobStore::kSuspectsMax) store_.suspects_.insert(id);
}

std::vector<BlobId> BlobStore::take_suspects() {
  const std::lock_guard lock(suspects_mutex_);
  std::vector<BlobId> taken(suspects_.begin(), suspects_.end());
  suspects_.clear();
  return taken;
}

// One message for all that was dropped since the last one was delivered.
void BlobStore::forget_everywhere(SegmentId segment) {
  const std::lock_guard lock(cores_mutex_);
  for (CoreBlobs* core : cores_) {
    core->dropped_.push_back(segment);
    if (core->dropped_.size() == 1) core->core().mailbox().post(*core);
  }
}

void CoreBlobs::deliver() noexcept {
  std::vector<SegmentId> dropped;
  {
    const std::lock_guard lock(store_.cores_mutex_);
    dropped.swap(dropped_);
  }
  for (const SegmentId segment : dropped) segment_files_.forget(segment);
}

}  // namespace mooring
