#include "mooring/blob/collect.h"

#include "mooring/base/fault.h"
#include "mooring/blob/store.h"
#include "mooring/core/core.h"
#include "mooring/core/workers.h"
#include "mooring/uring/file.h"

namespace mooring {

namespace {

Status remove_file(BlobStore& store, const BlobId& id) {
  const unsigned shard = DataDirectory::shard_of(id.hash);
  Status removed = remove_name(store.directory().shard_fd(shard), to_string(id));
  if (!removed || store.options().durability == Durability::relaxed) return removed;
  if (sync_is_skipped(SyncName::blob_removal)) return removed;
  return store.directory_syncs().sync_shard(shard);
}

Status remove_segment(BlobStore& store, SegmentId segment) {
  const int directory = store.directory().segments_fd();
  Status removed = remove_name(directory, to_string(segment));
  if (!removed || store.options().durability == Durability::relaxed) return removed;
  crash_point(CrashPoint::segment_dropped);
  return sync_directory(directory, SyncName::segment_removal);
}

Status told(BlobStore& store, Status outcome) {
  if (!outcome && outcome.error().code == Errc::sync_failed)
    store.report_sync_failure(outcome.error());
  return outcome;
}

}  // namespace

Task<Status> remove_blob_file(CoreBlobs& blobs, const BlobId& id) {
  BlobStore& store = blobs.store();
  Status removed = co_await blobs.core().workers().run(
      blobs.core(), [&store, id] { return remove_file(store, id); });
  co_return told(store, removed);
}

Task<Status> drop_segment(CoreBlobs& blobs, SegmentId segment) {
  BlobStore& store = blobs.store();
  if (store.is_open(segment)) co_return fail(Errc::conflict, "drop of an open segment");
  Status removed = co_await blobs.core().workers().run(
      blobs.core(), [&store, segment] { return remove_segment(store, segment); });
  if (removed) store.forget_everywhere(segment);
  co_return told(store, removed);
}

}  // namespace mooring
