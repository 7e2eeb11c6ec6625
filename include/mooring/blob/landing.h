// Landing: a large blob on its way to the disk.
//
// Lives in the frame (or object) of one upload, on its core's thread; neither moves nor is copied.
// The constructor starts a worker that opens an unnamed file and preallocates it, while the body is
// still being received; the chunks are written at their offsets by O_DIRECT from the registered
// memory they were received into; `publish` gives the verified file its name.
//
//   Landing landing(blobs, size_bytes);
//   each full chunk:    co_await landing.room(); co_await landing.write(std::move(chunk), n)
//   end of the body:    co_await landing.finish()
//   under the guard:    co_await same_content(blobs, landing, id, record)   (compare.h)
//   one of:             co_await landing.publish(id)   |   co_await landing.abandon()
//
// Every landing ends with a publish that succeeded or with an awaited abandon, after any error too.
// The caller keeps permits for kLandingWritesMax chunks, besides the one it fills, until then. So
// it leases the next one only once `room` has completed: a chunk that waits for its write counts,
// too.
//
// I1  At most kLandingWritesMax chunks are in flight; write completes when the chunk is accepted,
// not
//     when it is written. The first failure is kept and answers every later call.
//     Beyond that, all landings of a core share CoreBlobs::large_writes.
// I2  A chunk returns to its pool after the kernel has let go of it.
// I3  Nothing has a name in the store before its bytes are synced; a landing that is abandoned, or
// dies
//     with the process, leaves nothing that recovery does not remove.
// I4  Only the last chunk has a size that is not a multiple of 4 KiB; it is padded with zeros in
// the
//     chunk's slack, and the file is cut to its true size before the sync.
//
// Where the file system has no O_DIRECT, workers write the chunks through the page cache and start
// their write-back at once; where it has no O_TMPFILE, the file has a temporary name in blobs/ and
// is renamed without replacing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/core/gate.h"
#include "mooring/core/semaphore.h"
#include "mooring/core/task.h"
#include "mooring/uring/chunk_pool.h"
#include "mooring/uring/fd.h"

namespace mooring {

class CoreBlobs;

inline constexpr std::size_t kLandingWritesMax = 3;
/// Space is taken in steps of this size where the size of the body is not known before.
inline constexpr std::uint64_t kLandingStepBytes = 16_MiB;

class Landing {
 public:
  /// `size_bytes`: what is known of the size, or an upper bound of it; nothing for a chunked body.
  Landing(CoreBlobs& blobs, std::optional<std::uint64_t> size_bytes);
  /// CHECKs that nothing is in flight.
  ~Landing();
  Landing(const Landing&) = delete;
  Landing& operator=(const Landing&) = delete;

  /// Completes when a `write` would be accepted at once.
  [[nodiscard]] Task<void> room();

  /// Takes the first `size_bytes` (1 … kChunkBytes) of `chunk` as the next bytes of the blob.
  /// Completes when the chunk was accepted. Errors: of the opening or of an earlier write:
  /// no_space, io_error, overloaded (descriptors).
  [[nodiscard]] Task<Status> write(ChunkLease chunk, std::size_t size_bytes);

  /// Waits until every accepted chunk is written (not synced). Called once, after the last write.
  [[nodiscard]] Task<Status> finish();

  /// Makes the finished file the blob `id`: cut to size, synced, named, directory synced, in one
  /// job of a worker. The caller holds the exclusive guard of the hash and knows that `id` has no
  /// record. A name that is there nevertheless is the leftover of a crash: it is not trusted and is
  /// replaced by this file. Errors: sync_failed (on_sync_failure was called), no_space, io_error.
  [[nodiscard]] Task<Status> publish(const BlobId& id);

  /// Waits for what is in flight and drops the file. Any moment before a successful publish; more
  /// than once is fine.
  [[nodiscard]] Task<void> abandon();

  /// Bytes accepted so far.
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  /// The finished, unpublished file, for comparing. Open for reading with the store's caching.
  [[nodiscard]] int fd() const noexcept { return file_.get(); }

 private:
  [[nodiscard]] Task<void> open_file();
  [[nodiscard]] Task<void> write_chunk(ChunkLease chunk, Permits slot, std::size_t size_bytes,
                                       std::uint64_t offset_bytes);
  [[nodiscard]] Task<Status> grow_to(std::uint64_t end_bytes);
  void note(const Status& outcome) noexcept;

  CoreBlobs& blobs_;
  std::optional<std::uint64_t> expected_bytes_;
  Gate gate_;          // the opening and the writes in flight
  Semaphore opened_;   // a latch: one permit once the file is open or has failed to open
  Semaphore slots_;    // kLandingWritesMax
  Semaphore growing_;  // one preallocation at a time
  Fd file_;
  std::string temporary_name_;  // in blobs/; empty if the file is unnamed
  std::uint64_t size_bytes_ = 0;
  std::uint64_t allocated_bytes_ = 0;
  std::optional<Error> failure_;
  enum class State : std::uint8_t { receiving, finished, published, abandoned };
  State state_ = State::receiving;
  bool last_seen_ = false;
};

}  // namespace mooring
