// Stored blobs read by blocking calls: for workers and for start-up, never on a core's thread,
// except what is said to be for one.
#pragma once

#include <cstdint>
#include <optional>

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/blob/aligned_memory.h"
#include "mooring/blob/data_directory.h"
#include "mooring/blob/segment_format.h"
#include "mooring/uring/fd.h"

namespace mooring {

/// Where a segment record lies, widened to whole blocks.
struct RecordPlace {
  std::uint64_t block_begin = 0;  ///< of the first block
  std::size_t blocks_bytes = 0;   ///< whole blocks
  std::size_t header_at = 0;      ///< of the header, inside the blocks
  std::size_t needed_bytes = 0;   ///< up to the end of the content, inside the blocks
};

/// Errc::corrupt if no record can lie there.
[[nodiscard]] Result<RecordPlace> place_of(const BlobRecord& record) noexcept;

/// Whether `stored`, read from where the header should be, begins with the header that `id` and
/// `record` ask for.
[[nodiscard]] bool header_matches(const RecordPlace& place, Bytes stored, const BlobId& id,
                                  const BlobRecord& record) noexcept;

/// A segment's record in memory. `content` is verified.
struct LoadedRecord {
  AlignedMemory memory;
  Bytes content;
};
[[nodiscard]] Result<LoadedRecord> load_record(const DataDirectory& directory, const BlobId& id,
                                               const BlobRecord& record);

/// Opens the file of `id` past the page cache where that is possible; corrupt if its size is not
/// `size_bytes`.
[[nodiscard]] Result<Fd> open_blob_file(const DataDirectory& directory, const BlobId& id,
                                        std::uint64_t size_bytes, Caching caching);

/// As above through the page cache, on a core, without waiting: nothing if the name is not in
/// memory or anything else is in the way.
[[nodiscard]] std::optional<Fd> open_cached_blob_file(const DataDirectory& directory,
                                                      const BlobId& id, std::uint64_t size_bytes);

/// Two buffers of a chunk's size, kept by the thread that asks.
[[nodiscard]] MutableBytes worker_buffer(unsigned index);

/// Reads `size_bytes` bytes from the start of `fd` and answers their digest; corrupt if it is
/// shorter.
[[nodiscard]] Result<Hash128> hash_file(int fd, std::uint64_t size_bytes);

}  // namespace mooring
