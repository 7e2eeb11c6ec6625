#include "mooring/blob/reader.h"

#include <algorithm>

#include "blocking_read.h"
#include "mooring/base/check.h"
#include "mooring/base/log.h"
#include "mooring/blob/store.h"
#include "mooring/core/workers.h"

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
      gate_(blobs.core()) {
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
  Result<Fd> opened = co_await blobs_.core().workers().run(blobs_.core(), [this] {
    return open_blob_file(blobs_.store().directory(), id_, record_.size_bytes, Caching::buffered);
  });
  if (!opened && opened.error().code == Errc::corrupt) co_return corrupt(opened.error().where);
  if (!opened) co_return std::unexpected(opened.error());
  file_ = std::move(*opened);
  pieces_[0].chunk = blobs_.core().chunks().lease();
  if (permits_.count() > 1 && range_.size_bytes > kChunkBytes)
    pieces_[1].chunk = blobs_.core().chunks().lease();
  if (range_.size_bytes == record_.size_bytes) hash_.emplace();
  co_return Status{};
}

Task<Status> BlobReader::open_segment() {
  const Result<RecordPlace> place = place_of(record_);
  if (!place) co_return corrupt(place.error().where);
  Result<std::shared_ptr<const Fd>> file =
      co_await blobs_.segment_files().open(segment_of(record_.location));
  if (!file) co_return std::unexpected(file.error());
  memory_ = AlignedMemory(place->blocks_bytes);
  std::size_t done = 0;
  // Normally one read. An odd count is the end of the file.
  while (done < place->needed_bytes && done % kBlockBytes == 0) {
    const Result<std::size_t> read = co_await blobs_.core().ring().read(
        (*file)->get(), memory_.bytes().subspan(done), place->block_begin + done);
    blobs_.counters().reads.add(1);
    if (!read) co_return std::unexpected(read.error());
    if (*read == 0) break;
    done += *read;
  }
  if (done < place->needed_bytes) co_return corrupt("a segment ends before its record");
  const Bytes blocks = memory_.bytes();
  if (!header_matches(*place, blocks, id_, record_)) co_return corrupt("a record's header");
  const Bytes content = blocks.subspan(place->header_at + kSegmentHeaderBytes, record_.size_bytes);
  if (xxh3_128(content) != id_.hash) co_return corrupt("a record's content");
  content_ = content.subspan(range_.first_byte, range_.size_bytes);
  blobs_.counters().read_bytes.add(content_.size());
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
  Piece& piece = pieces_[reading_];
  if (read_bytes_ == handed_bytes_) begin_read(piece);
  co_await gate_.empty();
  if (!piece.outcome) {
    if (piece.outcome.error().code == Errc::corrupt) co_return corrupt("a file ends too early");
    co_return std::unexpected(piece.outcome.error());
  }
  handed_bytes_ += piece.size_bytes;
  if (pieces_[1].chunk) {
    reading_ ^= 1;
    if (read_bytes_ < range_.size_bytes) begin_read(pieces_[reading_]);
  }
  const Bytes content = piece.chunk.memory().first(piece.size_bytes);
  if (hash_) {
    hash_->update(content);
    const bool last = handed_bytes_ == range_.size_bytes;
    if (last && hash_->finish() != id_.hash) co_return corrupt("a file's content");
  }
  blobs_.counters().read_bytes.add(content.size());
  co_return content;
}

void BlobReader::begin_read(Piece& piece) {
  piece.size_bytes = std::min<std::uint64_t>(kChunkBytes, range_.size_bytes - read_bytes_);
  piece.outcome = {};
  gate_.spawn(read_piece(piece, range_.first_byte + read_bytes_));
  read_bytes_ += piece.size_bytes;
}

Task<void> BlobReader::read_piece(Piece& piece, std::uint64_t offset_bytes) {
  const std::optional<std::uint16_t> buffer = piece.chunk.registered_buffer();
  const MutableBytes into = piece.chunk.memory().first(piece.size_bytes);
  Ring& ring = blobs_.core().ring();
  std::size_t done = 0;
  while (done < into.size()) {
    const MutableBytes rest = into.subspan(done);
    const Result<std::size_t> read =
        co_await (buffer ? ring.read_fixed(file_.get(), rest, offset_bytes + done, *buffer)
                         : ring.read(file_.get(), rest, offset_bytes + done));
    blobs_.counters().reads.add(1);
    if (!read) {
      piece.outcome = std::unexpected(read.error());
      co_return;
    }
    if (*read == 0) {
      piece.outcome = fail(Errc::corrupt, "a file is shorter than its record");
      co_return;
    }
    done += *read;
  }
}

Task<void> BlobReader::close() {
  co_await gate_.empty();
  for (Piece& piece : pieces_) piece.chunk.reset();
  file_.reset();
  memory_ = AlignedMemory();
  content_ = {};
  permits_.reset();
}

std::unexpected<Error> BlobReader::corrupt(const char* what) {
  blobs_.counters().corrupt.add(1);
  log_error("blob", "blob {} is damaged: {}", to_string(id_), what);
  return fail(Errc::corrupt, what);
}

}  // namespace mooring
