#include "mooring/blob/collect.h"

#include "mooring/base/fault.h"
#include "mooring/blob/store.h"
#include "mooring/core/core.h"
#include "mooring/core/workers.h"
#include "mooring/uring/file.h"

namespace mooring {

namespace {

Status remove_file(const BlobStore& store, const BlobId& id) {
  const unsigned shard = DataDirectory::shard_of(id.hash);
  return remove_name(store.directory().shard_fd(shard), to_string(id));
}

// Relaxed commits are synced by nobody: the copies of what lived in a segment, and the records that
// say so, reach the disk before the old bytes go. What was there for long is never in doubt.
Status sync_what_was_moved(const DataDirectory& directory) {
  if (Status synced = sync_file_system(directory.segments_fd()); !synced) return synced;
  // "/." because the catalogue may be a symbolic link to another file system.
  const Result<Fd> catalog = open_directory(directory.root_fd(), "catalog/.");
  if (!catalog && catalog.error().code == Errc::not_found) return {};
  if (!catalog) return std::unexpected(catalog.error());
  return sync_file_system(catalog->get());
}

Status remove_segment(BlobStore& store, SegmentId segment) {
  const int directory = store.directory().segments_fd();
  if (store.options().durability == Durability::relaxed)
    if (Status synced = sync_what_was_moved(store.directory()); !synced) return synced;
  Status removed = remove_name(directory, to_string(segment));
  if (removed) crash_point(CrashPoint::segment_dropped);
  return removed;
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
  co_return removed;
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
