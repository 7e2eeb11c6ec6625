// Taking away what no record names any more.
//
// Called on a core after the catalogue has durably forgotten the blob or the segment, under the
// exclusive guard of the hash (a segment needs none: nothing is ever published into a closed one).
// A completed call means: the name is gone, so that the catalogue may drop its mark. Not that it is
// gone from stable storage: should a power cut bring a file back, no record names it and recovery
// removes it; what is stored under its name later is synced with the directory that knows of the
// removal too. Repeating a call is fine: a name that is not there counts as removed.
// Readers that have the file open go on undisturbed.
#pragma once

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/blob/segment_format.h"
#include "mooring/core/task.h"

namespace mooring {

class CoreBlobs;

/// Removes the file of a Tier::file blob. Errors: io_error.
[[nodiscard]] Task<Status> remove_blob_file(CoreBlobs& blobs, const BlobId& id);

/// Removes a whole segment file and lets every core close it (BlobStore::forget_everywhere).
/// conflict: some core still appends to it, or what it appended is not committed yet; io_error;
/// sync_failed (relaxed: of what was moved; on_sync_failure was called).
[[nodiscard]] Task<Status> drop_segment(CoreBlobs& blobs, SegmentId segment);

}  // namespace mooring
