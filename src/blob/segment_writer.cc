#include "mooring/blob/segment_writer.h"

#include <algorithm>

#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "mooring/base/fault.h"
#include "mooring/base/log.h"
#include "mooring/blob/store.h"
#include "mooring/core/workers.h"
#include "mooring/uring/file.h"

namespace mooring {

// What became of a batch.
struct BatchFlushed {
  Status written;
  Status synced;
  std::uint64_t sync_ns = 0;
};

namespace {

// Headers need their place in the segment, which is known when the batch is flushed; contents do
// not.
constexpr std::uint64_t kBatchBytesMax = kChunkBytes + kChunkSlackBytes;
constexpr std::uint64_t kSegmentBytesMin = 4_MiB;
// By benchmark: with 64 KiB contents 128 to 512 KiB are alike and a fifth faster than full chunks
// only; below, with 1 KiB contents, a second sync costs more than it saves.
constexpr std::uint64_t kLargeBatchBytes = 256_KiB;
// Zeros are worth their bytes if this many batches go into them.
constexpr std::uint64_t kSmallBatchesAhead = 4;
static_assert(segment_record_bytes(kSegmentContentBytesMax) <= kBatchBytesMax);
static_assert(kSegmentBytesMin >= kBatchBytesMax);

// One worker job. A sync is not even tried after a write that failed.
BatchFlushed write_and_sync(int fd, Bytes content, Bytes zeros, std::uint64_t offset_bytes,
                            Durability durability) {
  BatchFlushed flushed;
  flushed.written = zeros.empty() ? write_all(fd, content, offset_bytes)
                                  : write_both(fd, content, zeros, offset_bytes);
  if (!flushed.written) return flushed;
  crash_point(CrashPoint::segment_batch_written);
  if (durability == Durability::durable) {
    const std::uint64_t begin_ns = monotonic_ns();
    flushed.synced = sync_data(fd, SyncName::segment_data);
    flushed.sync_ns = monotonic_ns() - begin_ns;
  }
  if (flushed.synced) crash_point(CrashPoint::segment_batch_synced);
  return flushed;
}

struct Prepared {
  Fd file;
  std::uint64_t size_bytes = 0;
};

// As much space as there is, from `wanted_bytes` down by halves.
Result<std::uint64_t> preallocate_segment(int fd, std::uint64_t wanted_bytes) {
  for (std::uint64_t size = wanted_bytes;; size = round_up(size / 2, kBlockBytes)) {
    const Status taken = preallocate(fd, 0, size);
    if (taken) return size;
    const bool smaller_may_fit = taken.error().code == Errc::no_space && size > kSegmentBytesMin;
    if (!smaller_may_fit) return std::unexpected(taken.error());
    // A failed attempt may have kept a part.
    if (Status cut = truncate_file(fd, 0); !cut) return std::unexpected(cut.error());
  }
}

Result<Prepared> prepare_segment(const DataDirectory& directory, const std::string& name,
                                 const BlobOptions& options) {
  Result<Fd> file = create_file(directory.segments_fd(), name, directory.caching());
  if (!file) return std::unexpected(file.error());
  const Result<std::uint64_t> size = preallocate_segment(file->get(), options.segment_bytes);
  crash_point(CrashPoint::segment_made);
  Status named;
  if (size && options.durability == Durability::durable)
    named = sync_directory(directory.segments_fd(), SyncName::segment_directory);
  crash_point(CrashPoint::segment_named);
  if (size && named) return Prepared{std::move(*file), *size};
  static_cast<void>(remove_name(directory.segments_fd(), name));  // else recovery removes it
  return std::unexpected(size ? named.error() : size.error());
}

// Completed means only that the space is given back; nothing depends on it, recovery cuts again.
Status end_segment(int directory_fd, const Fd& file, const std::string& name,
                   std::uint64_t end_bytes) {
  if (end_bytes == 0) return remove_name(directory_fd, name);
  Status cut = truncate_file(file.get(), end_bytes);
  crash_point(CrashPoint::segment_ended);
  return cut;
}

}  // namespace

SegmentWriter::SegmentWriter(Core& core, BlobStore& store, BlobCounters& counters)
    : core_(core), store_(store), counters_(counters), gate_(core), preparing_(core, 1) {}

SegmentWriter::~SegmentWriter() {
  MOORING_CHECK(!started_ && !permits_.count(), "a segment writer ends without stop");
  MOORING_CHECK(holds_.empty(), "a segment writer ends while its segments are held");
}

Task<void> SegmentWriter::start() {
  MOORING_CHECK(!started_, "a segment writer is started twice");
  co_await core_.chunk_permits().acquire(kChunks);
  permits_ = Permits(core_.chunk_permits(), kChunks);
  gathering_.chunk = core_.chunks().lease();
  for (Batch& batch : flushing_) batch.chunk = core_.chunks().lease();
  if (const std::uint64_t ahead_bytes = store_.options().segment_ahead_bytes; ahead_bytes > 0) {
    zeros_ = AlignedMemory(ahead_bytes);
    std::ranges::fill(zeros_.bytes(), std::byte{0});
  }
  started_ = true;
}

Task<void> SegmentWriter::stop() {
  if (!started_) co_return;
  started_ = false;  // later appends are refused
  co_await gate_.empty();
  if (segment_) co_await close_segment(std::exchange(segment_, nullptr));
  if (next_segment_) co_await close_segment(std::exchange(next_segment_, nullptr));
  gathering_.chunk.reset();
  for (Batch& batch : flushing_) batch.chunk.reset();
  permits_.reset();
}

std::optional<SegmentId> SegmentWriter::open_segment() const noexcept {
  if (segment_ == nullptr) return std::nullopt;
  return segment_->id;
}

bool SegmentWriter::Append::await_suspend(std::coroutine_handle<> waiter) noexcept {
  MOORING_CHECK(content_.size() <= kSegmentContentBytesMax, "too large for a segment");
  SegmentWriter& writer = writer_;
  waiter_ = waiter;
  if (writer.sync_failure_) {
    answer_ = std::unexpected(*writer.sync_failure_);
    return false;
  }
  if (!writer.started_) {
    answer_ = fail(Errc::draining, "append to a stopped segment writer");
    return false;
  }
  const bool gathered = writer.overflow_.first == nullptr && writer.gather(*this);
  if (!gathered) writer.overflow_.push(*this);
  writer.flush_soon();
  return true;
}

void SegmentWriter::Queue::push(Append& append) noexcept {
  append.next_ = nullptr;
  if (last != nullptr)
    last->next_ = &append;
  else
    first = &append;
  last = &append;
}

SegmentWriter::Append* SegmentWriter::Queue::pop() noexcept {
  Append* const append = first;
  if (append == nullptr) return nullptr;
  first = append->next_;
  if (first == nullptr) last = nullptr;
  return append;
}

// Copies the content into the chunk that gathers; false if there is no room.
bool SegmentWriter::gather(Append& append) noexcept {
  const std::uint64_t record_bytes = segment_record_bytes(append.content_.size());
  if (gathering_.used_bytes + record_bytes > kBatchBytesMax) return false;
  const MutableBytes record =
      gathering_.chunk.memory().subspan(gathering_.used_bytes, record_bytes);
  const MutableBytes place = record.subspan(kSegmentHeaderBytes);
  if (!append.content_.empty())
    std::memcpy(place.data(), append.content_.data(), append.content_.size());
  const MutableBytes padding = place.subspan(append.content_.size());
  if (!padding.empty()) std::memset(padding.data(), 0, padding.size());
  append.batch_offset_ = gathering_.used_bytes;
  gathering_.used_bytes += record_bytes;
  gathering_.blobs += 1;
  gathering_.content_bytes += append.content_.size();
  (append.follower_ != nullptr ? gathering_.followed : gathering_.waiting).push(append);
  counters_.copied_bytes.add(append.content_.size());
  return true;
}

void SegmentWriter::refill() noexcept {
  while (overflow_.first != nullptr) {
    Append* const append = overflow_.pop();
    if (gather(*append)) continue;
    // Back to the front: order is kept.
    append->next_ = overflow_.first;
    overflow_.first = append;
    if (overflow_.last == nullptr) overflow_.last = append;
    return;
  }
}

// Alone, a batch goes as it is. Beside others only a large one does, which is worth a sync of its
// own, and none of them may be writing zeros where it goes.
bool SegmentWriter::may_flush() const noexcept {
  if (gathering_.is_empty()) return false;
  if (flushes_ == 0) return true;
  const bool is_direct = store_.directory().caching() == Caching::direct;
  const bool is_large = overflow_.first != nullptr || gathering_.used_bytes >= kLargeBatchBytes;
  return flushes_ < kFlushes && is_direct && !zeros_under_way_ && is_large;
}

void SegmentWriter::flush_soon() {
  if (flush_asked_for_ || !may_flush()) return;
  flush_asked_for_ = true;
  gate_.spawn(flush_gathered());  // from the loop: appends of this turn share the batch
}

Task<void> SegmentWriter::flush_gathered() {
  flush_asked_for_ = false;
  if (!may_flush()) co_return;
  Batch& batch = *std::ranges::find_if(flushing_, &Batch::is_empty);
  std::swap(gathering_, batch);
  ++flushes_;
  refill();
  flush_soon();
  const Status outcome = co_await flush(batch);
  answer(batch, outcome);
  --flushes_;
  flush_soon();
}

Task<Status> SegmentWriter::flush(Batch& batch) {
  if (sync_failure_) co_return std::unexpected(*sync_failure_);
  const std::uint64_t size_bytes = round_up(batch.used_bytes, kBlockBytes);
  const Status room = co_await make_room(size_bytes);
  if (!room) co_return room;
  const std::shared_ptr<Segment> segment = segment_;
  batch.segment = segment->id;
  batch.start_bytes = segment->end_bytes;
  complete_records(batch);
  const Bytes zeros = zeros_behind(size_bytes);
  zeros_under_way_ = !zeros.empty();
  segment->end_bytes += size_bytes;
  ++segment->flushes;
  const int fd = segment->file.get();
  const Durability durability = store_.options().durability;
  const BatchFlushed flushed =
      co_await core_.workers().run(core_, [&batch, fd, size_bytes, zeros, durability] {
        const Bytes content = batch.chunk.memory().first(size_bytes);
        const BatchFlushed outcome =
            write_and_sync(fd, content, zeros, batch.start_bytes, durability);
        if (outcome.written && outcome.synced) follow(batch);
        return outcome;
      });
  if (!zeros.empty()) zeros_under_way_ = false;
  const Status outcome = conclude(batch, flushed, *segment, size_bytes);
  if (outcome)
    segment->written_bytes =
        std::max(segment->written_bytes, batch.start_bytes + size_bytes + zeros.size());
  --segment->flushes;
  if (segment != segment_ && segment->flushes == 0) gate_.spawn(close_segment(segment));
  co_return outcome;
}

Status SegmentWriter::conclude(const Batch& batch, const BatchFlushed& flushed, Segment& segment,
                               std::uint64_t size_bytes) {
  if (!flushed.written) {
    const bool is_last = segment.end_bytes == batch.start_bytes + size_bytes;
    const bool is_full = flushed.written.error().code == Errc::no_space;
    // Without space the same blocks are tried again by the next batch: nothing in them was
    // acknowledged. After any other error the segment is not trusted further.
    if (is_full && is_last) segment.end_bytes = batch.start_bytes;
    if (!is_full) leave_segment(segment);
    return flushed.written;
  }
  if (store_.options().durability == Durability::durable) {
    counters_.syncs.add(1);
    counters_.sync_ns.add(flushed.sync_ns);
  }
  if (!flushed.synced) {
    note_sync_failure(flushed.synced.error());
    leave_segment(segment);
    return flushed.synced;
  }
  counters_.segment_batches.add(1);
  const bool nearly_full = segment.end_bytes > segment.size_bytes / 4 * 3;
  if (nearly_full && !std::exchange(segment.next_asked_for, true)) gate_.spawn(prepare_ahead());
  return {};
}

Task<Status> SegmentWriter::make_room(std::uint64_t batch_bytes) {
  if (has_room(batch_bytes)) co_return Status{};
  co_await preparing_.acquire(1);
  const Permits preparing(preparing_, 1);
  if (has_room(batch_bytes)) co_return Status{};  // another batch has made it
  if (segment_ != nullptr) leave_segment(*segment_);
  if (next_segment_ == nullptr) {
    Result<std::shared_ptr<Segment>> fresh = co_await prepare();
    if (!fresh) co_return std::unexpected(fresh.error());
    next_segment_ = *std::move(fresh);
  }
  segment_ = std::exchange(next_segment_, nullptr);
  counters_.segments_opened.add(1);
  co_return Status{};
}

bool SegmentWriter::has_room(std::uint64_t batch_bytes) const noexcept {
  return segment_ != nullptr && segment_->size_bytes - segment_->end_bytes >= batch_bytes;
}

// The zeros that the batch about to be written takes with it.
Bytes SegmentWriter::zeros_behind(std::uint64_t batch_bytes) const noexcept {
  const std::uint64_t end_bytes = segment_->end_bytes + batch_bytes;
  const std::uint64_t ahead_bytes = zeros_.bytes().size();
  if (flushes_ > 1) return {};  // others may go behind
  const bool is_small = batch_bytes <= ahead_bytes / kSmallBatchesAhead;
  if (!is_small || end_bytes <= segment_->written_bytes) return {};
  return Bytes(zeros_.bytes()).first(std::min(ahead_bytes, segment_->size_bytes - end_bytes));
}

// Writes the headers, now that the place is known, and zeros up to the block.
void SegmentWriter::complete_records(Batch& batch) noexcept {
  for (Append* append = batch.waiting.first; append != nullptr; append = append->next_)
    complete_record(batch, *append);
  for (Append* append = batch.followed.first; append != nullptr; append = append->next_)
    complete_record(batch, *append);
  const std::uint64_t end_bytes = round_up(batch.used_bytes, kBlockBytes);
  std::memset(batch.chunk.memory().data() + batch.used_bytes, 0, end_bytes - batch.used_bytes);
}

void SegmentWriter::complete_record(const Batch& batch, Append& append) noexcept {
  SegmentHeader header;
  header.id = append.id_;
  header.segment = batch.segment;
  header.record_offset = batch.start_bytes + append.batch_offset_;
  header.content_bytes = static_cast<std::uint32_t>(append.content_.size());
  encode_header(header, batch.chunk.memory().subspan(append.batch_offset_, kSegmentHeaderBytes));
  BlobLocation location;
  location.tier = Tier::segment;
  location.segment_core = batch.segment.core;
  location.segment_number = batch.segment.number;
  location.segment_offset = header.record_offset + kSegmentHeaderBytes;
  append.answer_ = location;
  if (append.hold_ != nullptr) *append.hold_ = hold(batch.segment);
}

// On a worker. What is handed over may be gone at once.
void SegmentWriter::follow(Batch& batch) noexcept {
  Append* rest = std::exchange(batch.followed.first, nullptr);
  batch.followed.last = nullptr;
  while (rest != nullptr) {
    Append* const first = rest;
    Append* last = first;
    while (last->next_ != nullptr && last->next_->follower_ == first->follower_) last = last->next_;
    rest = std::exchange(last->next_, nullptr);
    first->follower_->stored(*first);
  }
}

void SegmentWriter::answer(Batch& batch, const Status& outcome) noexcept {
  if (outcome) {
    counters_.segment_blobs.add(batch.blobs);
    counters_.segment_bytes.add(batch.content_bytes);
  }
  for (Queue* queue : {&batch.waiting, &batch.followed})
    while (Append* const append = queue->pop()) {
      if (!outcome) append->answer_ = std::unexpected(outcome.error());
      core_.resume_later(append->waiter_);
    }
  batch.used_bytes = 0;
  batch.blobs = 0;
  batch.content_bytes = 0;
}

Task<Result<std::shared_ptr<SegmentWriter::Segment>>> SegmentWriter::prepare() {
  const SegmentId id = store_.open_segment(core_.index());
  Result<Prepared> prepared = co_await core_.workers().run(core_, [this, id] {
    return prepare_segment(store_.directory(), to_string(id), store_.options());
  });
  if (!prepared) {
    store_.close_segment(id);
    note_sync_failure(prepared.error());
    co_return std::unexpected(prepared.error());
  }
  auto segment = std::make_shared<Segment>();
  segment->file = std::move(prepared->file);
  segment->id = id;
  segment->size_bytes = prepared->size_bytes;
  co_return segment;
}

Task<void> SegmentWriter::prepare_ahead() {
  co_await preparing_.acquire(1);
  const Permits preparing(preparing_, 1);
  if (next_segment_ != nullptr) co_return;
  Result<std::shared_ptr<Segment>> fresh = co_await prepare();
  if (fresh) next_segment_ = *std::move(fresh);  // else the roll tries again and answers for it
}

// It is closed by the last flush that is under way in it, or here if there is none.
void SegmentWriter::leave_segment(Segment& segment) {
  if (segment_.get() != &segment) return;  // another flush has
  const std::shared_ptr<Segment> left = std::exchange(segment_, nullptr);
  if (left->flushes == 0) gate_.spawn(close_segment(left));
}

Task<void> SegmentWriter::close_segment(std::shared_ptr<Segment> segment) {
  const int directory_fd = store_.directory().segments_fd();
  const Status ended = co_await core_.workers().run(core_, [directory_fd, &segment] {
    const Fd file = std::move(segment->file);
    return end_segment(directory_fd, file, to_string(segment->id), segment->end_bytes);
  });
  if (!ended)
    log_warning("blob", "segment {} keeps its unused space: {}", to_string(segment->id),
                describe(ended.error()));
  if (holds_.contains(segment->id))
    ended_.insert(segment->id);
  else
    store_.close_segment(segment->id);
}

void SegmentHold::reset() noexcept {
  if (writer_ != nullptr) std::exchange(writer_, nullptr)->release(segment_);
}

SegmentHold SegmentWriter::hold(SegmentId segment) {
  ++holds_[segment];
  return {*this, segment};
}

void SegmentWriter::release(SegmentId segment) noexcept {
  const auto held = holds_.find(segment);
  if (--held->second > 0) return;
  holds_.erase(held);
  if (ended_.erase(segment) > 0) store_.close_segment(segment);
}

void SegmentWriter::note_sync_failure(const Error& error) noexcept {
  if (error.code != Errc::sync_failed || sync_failure_) return;
  sync_failure_ = error;
  store_.report_sync_failure(error);
}

}  // namespace mooring
