// Is this the content we have already? Byte by byte: an equal hash only makes a candidate.
//
// Called under a guard of the hash, after size and hash were found equal. Segment records are read
// by the ring, files by a worker in O_DIRECT pieces of 1 MiB that end at the first difference.
//
// The answer `false` means two intact contents with one hash (a collision: the next ordinal). Since
// the caller's bytes have the hash, a stored file that differs is hashed as well: if it no longer
// matches its own name it is damaged, and the answer is Errc::corrupt (counted and logged): never
// share it, and store the new content under another ordinal, or in its place. Other errors:
// not_found, io_error.
#pragma once

#include "mooring/base/blob_id.h"
#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/blob/landing.h"
#include "mooring/core/task.h"

namespace mooring {

class CoreBlobs;

/// `content` in memory (it stays there until the answer) against the stored blob, of either tier.
[[nodiscard]] Task<Result<bool>> same_content(CoreBlobs& blobs, Bytes content, const BlobId& id,
                                              const BlobRecord& record);

/// A finished landing against the stored blob, of either tier.
[[nodiscard]] Task<Result<bool>> same_content(CoreBlobs& blobs, const Landing& landed,
                                              const BlobId& id, const BlobRecord& record);

}  // namespace mooring
