// BlobReader: a stored blob as a sequence of pieces.
//
// Lives in the frame of one request, on its core's thread; neither moves nor is copied. Made from
// what the catalogue says; the shared guard of the hash is needed only until `open` has completed.
//
//   Permits permits = …BlobReader::permits_for(record) of core.chunk_permits()…
//   BlobReader reader(blobs, id, record, std::move(permits), range);
//   co_await reader.open();
//   while: Result<Bytes> piece = co_await reader.next();   // empty: the end
//   co_await reader.close();                                // always, after errors too
//
// Segment tier: the whole record is read by one aligned O_DIRECT read into memory of the reader (at
// most the content and 8 KiB), header and content are verified, and there is one piece. File tier:
// pieces of up to 1 MiB in chunks of the core; with two permits the next piece is read while the
// caller sends the present one. Reads go through the page cache, so that what is asked for often
// comes from memory; whether O_DIRECT is better for large cold files the benchmark will say.
//
// I1  Vow V7: when a file is read from its first to its last byte, the last piece is handed out
// only
//     after the digest of the whole matched; what comes from a segment is verified always. Ranges
//     of files are sent as they are read, except that a short file is noticed.
// I2  A piece is valid until the next call of next or close.
//
// Errors: corrupt (does not match what was stored: counted and logged), not_found (no such file:
// the record is older than a collection or a move; look it up again, and if it says the same the
// blob is lost), io_error, overloaded (descriptors).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "mooring/base/blob_id.h"
#include "mooring/base/digest.h"
#include "mooring/base/result.h"
#include "mooring/blob/aligned_memory.h"
#include "mooring/core/gate.h"
#include "mooring/core/semaphore.h"
#include "mooring/core/task.h"
#include "mooring/uring/chunk_pool.h"
#include "mooring/uring/fd.h"

namespace mooring {

class CoreBlobs;

/// Bytes `first` … `first + size - 1` of a blob.
struct BlobRange {
  std::uint64_t first_byte = 0;
  std::uint64_t size_bytes = 0;
};

class BlobReader {
 public:
  /// Chunk permits with which reading `record` is best: 0 for a segment, 1 up to 1 MiB, else 2. A
  /// file needs at least 1.
  [[nodiscard]] static std::size_t permits_for(const BlobRecord& record) noexcept;

  /// Reads the whole blob, or `range`, which lies inside it.
  BlobReader(CoreBlobs& blobs, const BlobId& id, const BlobRecord& record, Permits permits,
             std::optional<BlobRange> range = {});
  /// CHECKs that nothing is in flight.
  ~BlobReader();
  BlobReader(const BlobReader&) = delete;
  BlobReader& operator=(const BlobReader&) = delete;

  /// A completed call means: the file is open (segment: the content is here and verified), and what
  /// happens to its name does not matter any more.
  [[nodiscard]] Task<Status> open();
  /// The next piece; empty after the last. After an error only close is left.
  [[nodiscard]] Task<Result<Bytes>> next();
  /// Waits for the read ahead and gives memory and permits back. More than once is fine.
  [[nodiscard]] Task<void> close();

 private:
  struct Piece {
    ChunkLease chunk;
    std::size_t size_bytes = 0;  // of the content in the chunk
    Status outcome;
  };

  [[nodiscard]] Task<Status> open_segment();
  [[nodiscard]] Task<Result<Bytes>> next_of_file();
  [[nodiscard]] Task<void> read_piece(Piece& piece, std::uint64_t offset_bytes);
  void begin_read(Piece& piece);
  [[nodiscard]] std::unexpected<Error> corrupt(const char* what);

  CoreBlobs& blobs_;
  BlobId id_;
  BlobRecord record_;
  BlobRange range_;
  Permits permits_;
  Gate gate_;             // the read ahead
  AlignedMemory memory_;  // segment tier
  Bytes content_;         // segment tier: what next will hand out
  Fd file_;
  std::array<Piece, 2> pieces_;
  unsigned reading_ = 0;            // index of the piece that is read next or now
  std::uint64_t read_bytes_ = 0;    // of the range: asked for
  std::uint64_t handed_bytes_ = 0;  // of the range: given to the caller
  std::optional<StreamHash> hash_;  // if the whole file is read
};

}  // namespace mooring
