// Relocation: records of a segment are copied to the end of the store.
//
// The copying half of compaction (api/compact.h). On a core, under the exclusive guards of all the
// hashes, which the caller holds until the catalogue knows the new places. Each record is read back
// from the disk and its header and content verified before it is copied: damage is never copied as
// if it were sound. All copies go through the core's segment writer, so that they share its write
// and its sync with each other and with the uploads of the moment.
//
// A completed call means: each copy without an error is on stable storage (in relaxed mode: handed
// to the kernel). The old records are untouched.
#pragma once

#include <cstdint>
#include <vector>

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/blob/segment_writer.h"
#include "mooring/core/task.h"

namespace mooring {

class CoreBlobs;

/// One record on its way.
struct Relocation {
  BlobId id;
  BlobRecord record;  ///< where it lies now; Tier::segment
  /// Where the copy lies. Errors: corrupt (counted and logged), not_found, io_error, no_space, …
  Result<BlobLocation> copy = {};
  /// Keeps the copy's segment from being dropped; to be held until the commit was answered.
  SegmentHold hold = {};
};

/// Memory it takes: the contents of `relocations`, widened to blocks.
[[nodiscard]] Task<void> relocate(CoreBlobs& blobs, std::vector<Relocation>& relocations);

}  // namespace mooring
