// SegmentWriter: many small blobs, one write and one sync.
//
// One per core, owned by CoreBlobs (store.h), used on the core's thread. An append copies the
// content into the chunk that gathers; while one batch is being flushed (one job of a worker: an
// O_DIRECT write and an fdatasync) the next one gathers in another chunk. No timer: an idle writer
// flushes at once, a busy one in batches as large as the flush before was long. A batch that has
// grown large (256 KiB, or a full chunk) does not wait for the flush before it: up to kFlushes are
// under way side by side, each of them synced for itself. That needs O_DIRECT, where a failed write
// is told to its own batch; through the page cache one sync may be told of another's loss, so there
// they take turns.
//
// A completed append means: the record is on stable storage (in relaxed mode: handed to the
// kernel), and so is the name of its segment. An append may be followed: then the worker itself
// goes on with it at that moment, all that are followed at once, and no detour over the core delays
// what comes next.
//
// I1  Nothing acknowledged is ever rewritten: a batch starts on a fresh 4 KiB block.
// I2  A segment gets its number once in the life of the store; after a restart numbers go on above
// the
//     highest seen, and an old segment is never appended to.
// I3  A segment is adopted only after its directory entry was synced.
// I4  A sync is never retried. After a failed one nobody waiting is acknowledged, on_sync_failure
// is
//     called, and every later append fails.
// I5  A segment that was rolled counts as open (BlobStore::is_open) until all its SegmentHolds are
//     gone: what was appended but not yet committed is in no account of the catalogue, and its
//     segment would look empty.
// I6  Of batches side by side one may fail, or be lost with the power, while a later one is kept:
//     whole blocks before its first record then hold nothing that anybody was told of. Compaction
//     frees them with the segment.
//
// Space that was never written costs its first sync writes of the file system's own (that the space
// is in use now); a small batch therefore takes zeros for the next ones with it. Large ones do not:
// there the bytes would cost more.
//
// The next segment is prepared by a worker when the present one is three quarters full, so that a
// roll costs nothing; the first one when the first append comes, so that an idle core owns no
// space. A full segment is cut to what was written.
//
// Errors of append: no_space (segment or disk full; later appends try again), io_error (the segment
// is left as it is and the next batch goes to a fresh one), sync_failed, draining after stop.
#pragma once

#include <array>
#include <coroutine>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "mooring/base/blob_id.h"
#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/blob/aligned_memory.h"
#include "mooring/blob/options.h"
#include "mooring/blob/segment_format.h"
#include "mooring/core/core.h"
#include "mooring/core/gate.h"
#include "mooring/core/semaphore.h"
#include "mooring/core/task.h"
#include "mooring/uring/chunk_pool.h"
#include "mooring/uring/fd.h"

namespace mooring {

class AppendFollower;
struct BatchFlushed;
class BlobStore;
class SegmentWriter;

/// Keeps the segment of an append from being dropped or compacted until the catalogue knows the
/// blob (I5). Move-only; on the writer's core; gone before the writer stops.
class [[nodiscard]] SegmentHold {
 public:
  SegmentHold() noexcept = default;
  ~SegmentHold() { reset(); }
  SegmentHold(SegmentHold&& other) noexcept
      : writer_(std::exchange(other.writer_, nullptr)), segment_(other.segment_) {}
  SegmentHold& operator=(SegmentHold&& other) noexcept {
    if (this != &other) {
      reset();
      writer_ = std::exchange(other.writer_, nullptr);
      segment_ = other.segment_;
    }
    return *this;
  }
  void reset() noexcept;

 private:
  friend class SegmentWriter;
  SegmentHold(SegmentWriter& writer, SegmentId segment) noexcept
      : writer_(&writer), segment_(segment) {}

  SegmentWriter* writer_ = nullptr;
  SegmentId segment_;
};

class SegmentWriter {
 public:
  /// Batches on their way to the disk at a time.
  static constexpr std::size_t kFlushes = 3;
  /// Chunks it holds from start to stop: one gathers.
  static constexpr std::size_t kChunks = kFlushes + 1;

  SegmentWriter(Core& core, BlobStore& store, BlobCounters& counters);
  /// Stopped, or never started.
  ~SegmentWriter();
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  /// Takes kChunks permits and chunks for good.
  [[nodiscard]] Task<void> start();
  /// Refuses new appends, waits for those under way, cuts the open segment to what was written (or
  /// removes it if nothing was) and gives the chunks back.
  [[nodiscard]] Task<void> stop();

  class [[nodiscard]] Append {
   public:
    /// With a follower (which may be null) success is told to it, and only failure to the waiter.
    Append(SegmentWriter& writer, const BlobId& id, Bytes content, SegmentHold* hold = nullptr,
           AppendFollower* follower = nullptr) noexcept
        : writer_(writer), id_(id), content_(content), hold_(hold), follower_(follower) {}
    Append(const Append&) = delete;
    Append& operator=(const Append&) = delete;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    [[nodiscard]] bool await_suspend(std::coroutine_handle<> waiter) noexcept;
    [[nodiscard]] Result<BlobLocation> await_resume() const noexcept { return answer_; }

   protected:
    /// Where it lies, or why not; known once it was answered or followed.
    [[nodiscard]] const Result<BlobLocation>& answer() const noexcept { return answer_; }
    [[nodiscard]] std::coroutine_handle<> waiter() const noexcept { return waiter_; }
    /// For a follower: the append of its batch behind this one.
    [[nodiscard]] Append* next_followed() const noexcept { return next_; }

   private:
    friend class SegmentWriter;
    SegmentWriter& writer_;
    BlobId id_;
    Bytes content_;
    SegmentHold* hold_;
    AppendFollower* follower_;
    std::uint64_t batch_offset_ = 0;  // of the record in its batch
    Append* next_ = nullptr;
    std::coroutine_handle<> waiter_;
    Result<BlobLocation> answer_;
  };

  /// Appends `content` (at most kSegmentContentBytesMax) under `id`, whose hash is the content's.
  /// `Result<BlobLocation> location = co_await writer.append(id, content)`; `content` stays valid
  /// until then. The caller holds the exclusive guard of the hash. Whoever commits the blob gives
  /// `hold` and keeps it until the commit was answered.
  [[nodiscard]] Append append(const BlobId& id, Bytes content,
                              SegmentHold* hold = nullptr) noexcept {
    return {*this, id, content, hold};
  }

  /// The segment that is open for appending, if there is one.
  [[nodiscard]] std::optional<SegmentId> open_segment() const noexcept;

 private:
  // Appends in the order in which they came.
  struct Queue {
    Append* first = nullptr;
    Append* last = nullptr;
    void push(Append& append) noexcept;
    [[nodiscard]] Append* pop() noexcept;
  };
  // A chunk being filled or flushed, with those who wait for it.
  struct Batch {
    ChunkLease chunk;
    std::uint64_t used_bytes = 0;
    Queue waiting;
    Queue followed;
    std::uint64_t blobs = 0;
    std::uint64_t content_bytes = 0;
    SegmentId segment;  // where it was flushed to
    std::uint64_t start_bytes = 0;
    [[nodiscard]] bool is_empty() const noexcept { return blobs == 0; }
  };
  struct Segment {
    Fd file;
    SegmentId id;
    std::uint64_t size_bytes = 0;
    std::uint64_t end_bytes = 0;      // where the next batch goes; a multiple of 4 KiB
    std::uint64_t written_bytes = 0;  // what lies behind was never written
    std::size_t flushes = 0;          // under way
    bool next_asked_for = false;      // its successor is prepared ahead once
  };

  friend class SegmentHold;

  [[nodiscard]] SegmentHold hold(SegmentId segment);
  void release(SegmentId segment) noexcept;
  [[nodiscard]] bool gather(Append& append) noexcept;
  void refill() noexcept;
  [[nodiscard]] bool may_flush() const noexcept;
  void flush_soon();
  [[nodiscard]] Task<void> flush_gathered();
  [[nodiscard]] Task<Status> flush(Batch& batch);
  [[nodiscard]] Status conclude(const Batch& batch, const BatchFlushed& flushed, Segment& segment,
                                std::uint64_t size_bytes);
  [[nodiscard]] Task<Status> make_room(std::uint64_t batch_bytes);
  [[nodiscard]] bool has_room(std::uint64_t batch_bytes) const noexcept;
  [[nodiscard]] Bytes zeros_behind(std::uint64_t batch_bytes) const noexcept;
  void complete_records(Batch& batch) noexcept;
  void complete_record(const Batch& batch, Append& append) noexcept;
  static void follow(Batch& batch) noexcept;
  void answer(Batch& batch, const Status& outcome) noexcept;
  [[nodiscard]] Task<Result<std::shared_ptr<Segment>>> prepare();
  [[nodiscard]] Task<void> prepare_ahead();
  void leave_segment(Segment& segment);
  [[nodiscard]] Task<void> close_segment(std::shared_ptr<Segment> segment);
  void note_sync_failure(const Error& error) noexcept;

  Core& core_;
  BlobStore& store_;
  BlobCounters& counters_;
  Gate gate_;            // flush_gathered, prepare_ahead and close_segment run inside
  Semaphore preparing_;  // one at a time
  Permits permits_;
  AlignedMemory zeros_;
  Batch gathering_;
  std::array<Batch, kFlushes> flushing_;
  Queue overflow_;  // appends that found the gathering chunk full
  std::shared_ptr<Segment> segment_;
  std::shared_ptr<Segment> next_segment_;
  std::map<SegmentId, std::size_t> holds_;  // appended, not committed
  std::set<SegmentId> ended_;               // of these: rolled, the last hold closes it
  std::optional<Error> sync_failure_;
  std::size_t flushes_ = 0;  // under way
  bool flush_asked_for_ = false;
  bool zeros_under_way_ = false;
  bool started_ = false;
};

/// Who goes on with appends where they became durable.
class AppendFollower {
 public:
  /// On a worker's thread: `first` and those behind it are on stable storage. They are the
  /// follower's from the call on, which sees to it that their waiters are resumed.
  virtual void stored(SegmentWriter::Append& first) noexcept = 0;

 protected:
  ~AppendFollower() = default;
};

}  // namespace mooring
