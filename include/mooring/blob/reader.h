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
// What is in memory is read on the core, at once (uring/cached_file.h); what is not, by the ring.
// Segment tier: header and content are one read through the page cache, verified, and one piece.
// What the cache shows and the digest refuses is read once more from the disk itself before it is
// called damage: blocks of a segment may have been cached before they were written. File tier, up
// to a chunk: one piece, verified before it is handed out. Larger: pieces of
// BlobOptions::read_piece_bytes, hashed while they are hot; from the first that is not in memory on
// the rest is read ahead, as many pieces as fit into the chunks of the permits, past the page cache
// (O_DIRECT) if the file has BlobOptions::direct_read_bytes_min.
//
// Why no splice or sendfile from the files: they move bytes that nobody has seen, and I1 wants each
// one hashed. What was hashed goes into the cache of the store, if that takes it in, and is sent
// from there by reference (place_in_cache); who finds it there needs no reader at all.
//
// I1  Vow V7: when a file is read from its first to its last byte, the last piece is handed out
//     only after the digest of the whole matched; what comes from a segment is verified always.
//     Ranges of files are sent as they are read, except that a short file is noticed.
// I2  A piece is valid until the next call of next, pause or close.
// I3  Who waits for a slow peer can let others have the chunks meanwhile (pause, resume). What was
//     not sent yet is read anew then, and is what it was: its own digest is kept. From then on it
//     holds one chunk, however many permits it began with.
//
// Errors: corrupt (does not match what was stored: counted and logged), not_found (no such file:
// the record is older than a collection or a move; look it up again, and if it says the same the
// blob is lost), io_error, overloaded (descriptors).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "mooring/base/blob_id.h"
#include "mooring/base/digest.h"
#include "mooring/base/result.h"
#include "mooring/blob/aligned_memory.h"
#include "mooring/blob/verified_cache.h"
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

  /// What is read and verified goes into the cache of the store, if that takes it in. Before
  /// `open`, which is called under the shared guard then.
  void keep_in_cache() noexcept { keeps_ = true; }
  /// A completed call means: the file is open (segment: the content is here and verified), and what
  /// happens to its name does not matter any more.
  [[nodiscard]] Task<Status> open();
  /// The next piece; empty after the last. After an error only close is left.
  [[nodiscard]] Task<Result<Bytes>> next();
  /// Where else the piece lies that was handed out last: the same bytes, until close. What is small
  /// is not said to lie anywhere else.
  [[nodiscard]] const std::optional<FileStretch>& place_in_cache() const noexcept {
    return place_in_cache_;
  }
  /// Others would have to wait for what this one holds.
  [[nodiscard]] bool holds_chunks() const noexcept { return permits_.count() > 0; }
  /// Waits for the read ahead and gives the chunks and permits back that it holds. `unsent` is what
  /// the caller still needs of the piece that was handed out last: its end, or nothing.
  [[nodiscard]] Task<void> pause(Bytes unsent);
  /// After pause: waits for a permit and answers with the same bytes as `unsent`. Errors: corrupt
  /// (they are not), io_error.
  [[nodiscard]] Task<Result<Bytes>> resume();
  /// Waits for the read ahead and gives memory and permits back. More than once is fine.
  [[nodiscard]] Task<void> close();

 private:
  /// A place for a part of the file, in one of the chunks.
  struct Piece {
    MutableBytes memory;
    std::optional<std::uint16_t> buffer;  // that the memory is registered as
    std::size_t size_bytes = 0;           // of the range, in the memory from skip_bytes on
    std::size_t skip_bytes = 0;           // O_DIRECT reads begin at a block
    bool is_read = false;
    Status outcome;
  };
  enum class Source : std::uint8_t { memory, disk };

  [[nodiscard]] Task<Status> open_segment();
  [[nodiscard]] Task<Result<std::size_t>> read_by_ring(int fd, MutableBytes into,
                                                       std::uint64_t offset_bytes);
  [[nodiscard]] Task<Status> open_file();
  [[nodiscard]] Task<Result<Bytes>> next_of_file();
  [[nodiscard]] Task<Result<Bytes>> take_small();
  [[nodiscard]] Bytes take_from_memory();
  [[nodiscard]] Task<Result<Bytes>> take_from_disk();
  void begin_reading_ahead();
  void begin_read(Piece& piece, std::uint64_t wanted_bytes);
  [[nodiscard]] Task<Result<Bytes>> end_read(Piece& piece);
  [[nodiscard]] std::uint64_t unread_bytes() const noexcept {
    return range_.size_bytes - read_bytes_;
  }
  [[nodiscard]] Task<void> read_piece(Piece& piece, std::uint64_t offset_bytes);
  [[nodiscard]] Result<Bytes> hand_out(Bytes content);
  void begin_keeping();
  void keep(Bytes content);
  [[nodiscard]] std::unexpected<Error> corrupt(const char* what);
  [[nodiscard]] std::size_t piece_bytes() const noexcept;

  CoreBlobs& blobs_;
  BlobId id_;
  BlobRecord record_;
  BlobRange range_;
  Permits permits_;
  Gate gate_;                            // reads ahead
  Semaphore reads_done_;                 // one permit per read ahead that has ended
  std::unique_ptr<std::byte[]> memory_;  // segment tier: header and content
  AlignedMemory blocks_;                 // segment tier: as read from the disk itself
  Bytes content_;                        // segment tier: what next will hand out
  Fd file_;
  Source source_ = Source::memory;
  bool is_direct_ = false;
  std::array<ChunkLease, 2> chunks_;
  std::vector<Piece> pieces_;       // filled in turn
  std::size_t piece_ = 0;           // that is handed out next
  std::uint64_t read_bytes_ = 0;    // of the range: asked for
  std::uint64_t handed_bytes_ = 0;  // of the range: given to the caller
  std::uint64_t unsent_bytes_ = 0;  // of them: to be read anew after a pause
  Hash128 unsent_hash_{};
  std::optional<StreamHash> hash_;  // if the whole file is read
  bool keeps_ = false;
  CacheFill fill_;
  CachedContent kept_;  // what fill_ fills or has filled
  std::optional<FileStretch> place_in_cache_;
};

}  // namespace mooring
