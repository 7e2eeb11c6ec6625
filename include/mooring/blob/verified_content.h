// VerifiedContent: a stored blob for somebody who reads it as a whole, checked before it is handed
// out.
//
// For readers that cannot take a blob piece by piece (image workers): content of the segment tier
// is in memory, of the file tier it is an open file. In both cases every byte was read and hashed
// first, so what is made of it is not made of damage (vow V7). Bounded by the caller, who looks at
// the record's size before: memory up to a segment's content (1 MiB), or one descriptor.
//
// Move-only; what it holds stays readable whatever happens to the blob's name.
#pragma once

#include <cstdint>

#include "mooring/base/blob_id.h"
#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/blob/aligned_memory.h"
#include "mooring/core/task.h"
#include "mooring/uring/fd.h"

namespace mooring {

class CoreBlobs;

struct VerifiedContent {
  AlignedMemory memory = {};  ///< segment tier: owns `content`
  Bytes content = {};
  Fd file = {};  ///< file tier: open for reading, through the page cache
  std::uint64_t size_bytes = 0;
};

/// Reads `id` on a worker of the core, under the shared guard of its hash. Errors: corrupt (counted
/// and logged), not_found (the record is older than a collection or a move), io_error, overloaded.
[[nodiscard]] Task<Result<VerifiedContent>> load_verified(CoreBlobs& blobs, BlobId id,
                                                          BlobRecord record);

}  // namespace mooring
