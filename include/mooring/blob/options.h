// What the operator decides about blobs, and what is counted about them.
#pragma once

#include <cstdint>
#include <functional>

#include "mooring/base/bytes.h"
#include "mooring/base/counter.h"
#include "mooring/base/durability.h"
#include "mooring/base/result.h"

namespace mooring {

struct BlobOptions {
  /// Durable: file, name and directory are synced before a write completes. Relaxed: nothing is.
  Durability durability = Durability::durable;
  /// Preallocated size of a segment file. On a short disk the writer halves it down to 4 MiB before
  /// it answers no_space. A multiple of 4 KiB, at least 4 MiB.
  std::uint64_t segment_bytes = 256_MiB;
  /// A small batch that enters space never written takes so many zeros with it: the syncs of those
  /// that follow then find nothing of the file system's own to write. 0: none. A multiple of 4 KiB.
  std::uint64_t segment_ahead_bytes = 0;
  /// Segment files each core keeps open for reading (least recently used are closed).
  std::size_t segment_descriptors_max = 64;
  /// Chunks of landings that a core has on their way to the disk at one time: enough to keep it
  /// busy, few enough that the syncs of small blobs do not wait long behind them.
  std::size_t large_writes_max = 4;
  /// Files larger than a chunk are read in pieces of this size: small enough that a piece is still
  /// in the CPU's cache when it is hashed and sent. A power of two, 16 KiB to kChunkBytes.
  std::uint64_t read_piece_bytes = 256_KiB;
  /// Files from this size on are read past the page cache where they are not in it.
  std::uint64_t direct_read_bytes_min = 64_MiB;
  /// Contents kept in memory after they were read and verified, all cores together. 0: none.
  std::uint64_t cache_bytes = 0;
  /// Of these, what is larger is sent by reference, the rest by a copy. Up to 1 MiB.
  std::uint64_t copied_bytes_max = 32_KiB;
  /// Called once per process, on any thread, after the first failed sync: nothing of its batch is
  /// acknowledged and the process has to stop (exit 70); it must not block and not throw.
  std::function<void(const Error&)> on_sync_failure;
};

/// Of one core; counted on its thread, read by the metrics. Bytes are of content, without headers
/// and padding.
struct BlobCounters {
  Counter segment_blobs;  ///< appended and acknowledged
  Counter segment_bytes;
  Counter segment_batches;  ///< writes, each followed by one sync
  Counter segments_opened;
  Counter file_blobs;  ///< published as files
  Counter file_bytes;
  Counter copied_bytes;  ///< copied in user space: into segment chunks, never into files (V3)
  Counter syncs;         ///< of file data
  Counter sync_ns;       ///< time those took
  Counter reads;         ///< read operations on blobs
  Counter read_bytes;
  Counter read_pauses;  ///< readers that let others have their chunks while their peer was slow
  Counter corrupt;  ///< blobs found damaged when read or compared
};

}  // namespace mooring
