#include "mooring/blob/reader.h"

#include <algorithm>

#include "blocking_read.h"
#include "mooring/base/check.h"
#include "mooring/blob/store.h"
#include "mooring/core/workers.h"
#include "mooring/uring/cached_file.h"

namespace mooring {

std::size_t BlobReader::permits_for(const BlobRecord& record) noexcept {
  if (record.location.tier == Tier::segment) return 0;
  return record.size_bytes <= kChunkBytes ? 1 : 2;
}

BlobReader::BlobReader(CoreBlobs& blobs, const BlobId& id, const BlobRecord& record,
                       Permits permits, std::optional<BlobRange> range)
    : blobs_(blobs),
      id_(id),
      record_(record),
      range_(range.value_or(BlobRange{0, record.size_bytes})),
      permits_(std::move(permits)),
      gate_(blobs.core()),
      reads_done_(blobs.core(), 0) {
  MOORING_CHECK(range_.first_byte <= record.size_bytes &&
                    range_.size_bytes <= record.size_bytes - range_.first_byte,
                "a range outside of its blob");
}

BlobReader::~BlobReader() {
  MOORING_CHECK(gate_.size() == 0, "a reader ends while the kernel fills its memory");
}

Task<Status> BlobReader::open() {
  if (record_.location.tier == Tier::segment) {
    permits_.reset();
    Status opened = co_await open_segment();
    co_return opened;
  }
  MOORING_CHECK(permits_.count() > 0, "reading a file needs a chunk");
  Status opened = co_await open_file();
  co_return opened;
}

Task<Status> BlobReader::open_segment() {
  const Result<RecordPlace> place = place_of(record_);
  if (!place) co_return corrupt(place.error().where);
  Result<std::shared_ptr<const Fd>> file =
      co_await blobs_.segment_files().open(segment_of(record_.location));
  if (!file) co_return std::unexpected(file.error());
  const std::size_t record_bytes = kSegmentHeaderBytes + record_.size_bytes;
  memory_ = std::make_unique_for_overwrite<std::byte[]>(record_bytes);
  const MutableBytes record{memory_.get(), record_bytes};
  const std::uint64_t offset_bytes = place->block_begin + place->header_at;
  std::size_t done = read_cached((*file)->get(), record, offset_bytes);
  if (done < record_bytes) {
    const Result<std::size_t> read =
        co_await read_by_ring((*file)->get(), record.subspan(done), offset_bytes + done);
    if (!read) co_return std::unexpected(read.error());
    done += *read;
  }
  blobs_.counters().reads.add(1);
  content_ = Bytes(record).subspan(kSegmentHeaderBytes);
  const bool verified = done == record_bytes && header_matches(*place, record, id_, record_) &&
                        xxh3_128(content_) == id_.hash;
  if (!verified) {
    Result<LoadedRecord> loaded = co_await blobs_.core().workers().run(
        blobs_.core(), [this] { return load_record(blobs_.store().directory(), id_, record_); });
    if (!loaded && loaded.error().code == Errc::corrupt) co_return corrupt(loaded.error().where);
    if (!loaded) co_return std::unexpected(loaded.error());
    blocks_ = std::move(loaded->memory);
    content_ = loaded->content;
  }
  begin_keeping();
  keep(content_);
  if (fill_) fill_.finish();
  content_ = content_.subspan(range_.first_byte, range_.size_bytes);
  if (place_in_cache_) {
    place_in_cache_->first_byte += range_.first_byte;
    place_in_cache_->size_bytes = range_.size_bytes;
  }
  blobs_.counters().read_bytes.add(content_.size());
  co_return Status{};
}

// A short count is the end of the file.
Task<Result<std::size_t>> BlobReader::read_by_ring(int fd, MutableBytes into,
                                                   std::uint64_t offset_bytes) {
  std::size_t done = 0;
  while (done < into.size()) {
    const Result<std::size_t> read =
        co_await blobs_.core().ring().read(fd, into.subspan(done), offset_bytes + done);
    if (!read) co_return std::unexpected(read.error());
    if (*read == 0) break;
    done += *read;
  }
  co_return done;
}

Task<Status> BlobReader::open_file() {
  const DataDirectory& directory = blobs_.store().directory();
  if (std::optional<Fd> here = open_cached_blob_file(directory, id_, record_.size_bytes)) {
    file_ = *std::move(here);
  } else {
    Result<Fd> opened = co_await blobs_.core().workers().run(blobs_.core(), [this, &directory] {
      return open_blob_file(directory, id_, record_.size_bytes, Caching::buffered);
    });
    if (!opened && opened.error().code == Errc::corrupt) co_return corrupt(opened.error().where);
    if (!opened) co_return std::unexpected(opened.error());
    file_ = std::move(*opened);
  }
  chunks_[0] = blobs_.core().chunks().lease();
  if (range_.size_bytes == record_.size_bytes) {
    hash_.emplace();
    begin_keeping();
  }
  co_return Status{};
}

Task<Result<Bytes>> BlobReader::next() {
  if (record_.location.tier == Tier::segment) co_return std::exchange(content_, Bytes{});
  Result<Bytes> piece = co_await next_of_file();
  co_return piece;
}

Task<Result<Bytes>> BlobReader::next_of_file() {
  MOORING_CHECK(static_cast<bool>(file_), "a reader is used before it is open");
  if (handed_bytes_ == range_.size_bytes) co_return Bytes{};
  if (range_.size_bytes <= kChunkBytes) {
    Result<Bytes> whole = co_await take_small();
    co_return whole;
  }
  if (source_ == Source::memory) {
    const Bytes content = take_from_memory();
    if (!content.empty()) co_return hand_out(content);
    begin_reading_ahead();
  }
  Result<Bytes> piece = co_await take_from_disk();
  co_return piece;
}

// What fits into a chunk: all of it is here and verified before any of it is handed out.
Task<Result<Bytes>> BlobReader::take_small() {
  const MutableBytes content = chunks_[0].memory().first(range_.size_bytes);
  std::size_t done = 0;
  while (done < content.size()) {
    MutableBytes part = content.subspan(done);
    if (source_ == Source::memory) part = part.first(std::min(part.size(), piece_bytes()));
    const std::size_t here = read_cached(file_.get(), part, range_.first_byte + done);
    if (here < part.size()) {  // what is left in one go
      source_ = Source::disk;
      part = content.subspan(done);
      const Result<std::size_t> read =
          co_await read_by_ring(file_.get(), part.subspan(here), range_.first_byte + done + here);
      if (!read) co_return std::unexpected(read.error());
      if (here + *read < part.size()) co_return corrupt("a file ends too early");
    }
    if (hash_) hash_->update(part);
    done += part.size();
  }
  blobs_.counters().reads.add(1);
  if (hash_ && hash_->finish() != id_.hash) co_return corrupt("a file's content");
  keep(content);
  if (fill_) fill_.finish();
  handed_bytes_ = content.size();
  blobs_.counters().read_bytes.add(content.size());
  co_return content;
}

// The next piece, if all of it is in memory.
Bytes BlobReader::take_from_memory() {
  const std::size_t size =
      std::min<std::uint64_t>(piece_bytes(), range_.size_bytes - handed_bytes_);
  const MutableBytes into = chunks_[0].memory().first(size);
  const std::size_t read = read_cached(file_.get(), into, range_.first_byte + handed_bytes_);
  if (read < size) return {};
  blobs_.counters().reads.add(1);
  return into;
}

// From here on the disk: everything that is left is read ahead of the caller.
void BlobReader::begin_reading_ahead() {
  source_ = Source::disk;
  read_bytes_ = handed_bytes_;
  const BlobStore& store = blobs_.store();
  is_direct_ = record_.size_bytes >= store.options().direct_read_bytes_min &&
               store.directory().caching() == Caching::direct && bypass_cache(file_.get());
  if (permits_.count() > 1) chunks_[1] = blobs_.core().chunks().lease();
  for (const ChunkLease& chunk : chunks_) {
    if (!chunk) continue;
    for (std::uint64_t at = 0; at < kChunkBytes; at += piece_bytes())
      pieces_.push_back({.memory = chunk.memory().subspan(at, piece_bytes()),
                         .buffer = chunk.registered_buffer()});
  }
  for (Piece& piece : pieces_)
    if (unread_bytes() > 0) begin_read(piece, unread_bytes());
}

Task<Result<Bytes>> BlobReader::take_from_disk() {
  // The piece that was handed out last is free again.
  const std::size_t last = (piece_ + pieces_.size() - 1) % pieces_.size();
  if (pieces_[last].size_bytes == 0 && unread_bytes() > 0)
    begin_read(pieces_[last], unread_bytes());
  Result<Bytes> content = co_await end_read(pieces_[piece_]);
  if (!content) co_return content;
  pieces_[piece_].size_bytes = 0;
  piece_ = (piece_ + 1) % pieces_.size();
  co_return hand_out(*content);
}

// Invariant I1.
Result<Bytes> BlobReader::hand_out(Bytes content) {
  handed_bytes_ += content.size();
  if (hash_) {
    hash_->update(content);
    const bool last = handed_bytes_ == range_.size_bytes;
    if (last && hash_->finish() != id_.hash) return corrupt("a file's content");
    keep(content);
    if (last && fill_) fill_.finish();
  }
  blobs_.counters().read_bytes.add(content.size());
  return content;
}

// Under the guard of the hash (verified_cache.h, I3).
void BlobReader::begin_keeping() {
  if (!keeps_) return;
  fill_ = blobs_.store().cache().begin(id_, record_.size_bytes);
  kept_ = fill_.content();
}

void BlobReader::keep(Bytes content) {
  place_in_cache_.reset();
  if (!fill_) return;
  place_in_cache_ = fill_.append(content);
  if (content.size() <= blobs_.store().cache().copied_bytes_max()) place_in_cache_.reset();
}

Task<void> BlobReader::pause(Bytes unsent) {
  MOORING_CHECK(holds_chunks(), "a reader that holds nothing is paused");
  unsent_bytes_ = unsent.size();
  unsent_hash_ = xxh3_128(unsent);
  co_await gate_.empty();
  pieces_.clear();
  piece_ = 0;
  for (ChunkLease& chunk : chunks_) chunk.reset();
  permits_.reset();
  blobs_.counters().read_pauses.add(1);
}

// Invariant I3.
Task<Result<Bytes>> BlobReader::resume() {
  Semaphore& permits = blobs_.core().chunk_permits();
  co_await permits.acquire(1);
  permits_ = Permits(permits, 1);
  chunks_[0] = blobs_.core().chunks().lease();
  const MutableBytes memory = chunks_[0].memory();
  const std::optional<std::uint16_t> buffer = chunks_[0].registered_buffer();
  if (source_ == Source::disk)
    pieces_.push_back({.memory = memory.first(piece_bytes()), .buffer = buffer});
  Bytes unsent;
  if (unsent_bytes_ > 0) {
    read_bytes_ = handed_bytes_ - unsent_bytes_;
    Piece piece{.memory = memory, .buffer = buffer};
    begin_read(piece, unsent_bytes_);
    const Result<Bytes> read = co_await end_read(piece);
    if (!read) co_return read;
    if (xxh3_128(*read) != unsent_hash_) co_return corrupt("a file's content has changed");
    unsent = *read;
  }
  read_bytes_ = handed_bytes_;
  co_return unsent;
}

void BlobReader::begin_read(Piece& piece, std::uint64_t wanted_bytes) {
  std::uint64_t offset_bytes = range_.first_byte + read_bytes_;
  piece.skip_bytes = is_direct_ ? offset_bytes % kBlockBytes : 0;
  offset_bytes -= piece.skip_bytes;
  piece.size_bytes = std::min<std::uint64_t>(piece.memory.size() - piece.skip_bytes, wanted_bytes);
  piece.is_read = false;
  piece.outcome = {};
  read_bytes_ += piece.size_bytes;
  gate_.spawn(read_piece(piece, offset_bytes));
}

Task<void> BlobReader::read_piece(Piece& piece, std::uint64_t offset_bytes) {
  Ring& ring = blobs_.core().ring();
  const std::size_t needed = piece.skip_bytes + piece.size_bytes;
  const MutableBytes into = piece.memory.first(
      is_direct_ ? static_cast<std::size_t>(round_up(needed, kBlockBytes)) : needed);
  std::size_t done = 0;
  while (done < needed && piece.outcome) {
    const MutableBytes rest = into.subspan(done);
    const Result<std::size_t> read = co_await (
        piece.buffer ? ring.read_fixed(file_.get(), rest, offset_bytes + done, *piece.buffer)
                     : ring.read(file_.get(), rest, offset_bytes + done));
    blobs_.counters().reads.add(1);
    // An odd count of an O_DIRECT read is the end of the file.
    const bool ended = read && (*read == 0 || (is_direct_ && *read % kBlockBytes != 0));
    done += read.value_or(0);
    if (!read) piece.outcome = std::unexpected(read.error());
    if (ended && done < needed)
      piece.outcome = fail(Errc::corrupt, "a file is shorter than its record");
  }
  piece.is_read = true;
  reads_done_.release(1);
}

Task<Result<Bytes>> BlobReader::end_read(Piece& piece) {
  while (!piece.is_read) co_await reads_done_.acquire(1);
  if (!piece.outcome) {
    if (piece.outcome.error().code == Errc::corrupt) co_return corrupt("a file ends too early");
    co_return std::unexpected(piece.outcome.error());
  }
  co_return Bytes(piece.memory.subspan(piece.skip_bytes, piece.size_bytes));
}

Task<void> BlobReader::close() {
  co_await gate_.empty();
  pieces_.clear();
  for (ChunkLease& chunk : chunks_) chunk.reset();
  file_.reset();
  memory_.reset();
  blocks_ = AlignedMemory();
  content_ = {};
  fill_.give_up();
  kept_.reset();
  place_in_cache_.reset();
  permits_.reset();
}

std::size_t BlobReader::piece_bytes() const noexcept {
  return blobs_.store().options().read_piece_bytes;
}

std::unexpected<Error> BlobReader::corrupt(const char* what) {
  blobs_.note_damage(id_, what);
  return fail(Errc::corrupt, what);
}

}  // namespace mooring
