#include "mooring/blob/compare.h"

#include <algorithm>

#include "blocking_read.h"
#include "mooring/base/check.h"
#include "mooring/blob/reader.h"
#include "mooring/blob/store.h"
#include "mooring/core/workers.h"
#include "mooring/uring/file.h"

namespace mooring {

namespace {

bool same_bytes(Bytes a, Bytes b) noexcept {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// New content, in memory or in an unpublished file, piece by piece.
class Arrived {
 public:
  explicit Arrived(Bytes memory) : memory_(memory), size_bytes_(memory.size()) {}
  Arrived(int fd, std::uint64_t size_bytes) : fd_(fd), size_bytes_(size_bytes) {}

  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }

  // Up to a chunk from `offset_bytes`, a multiple of the chunk size.
  [[nodiscard]] Result<Bytes> piece(std::uint64_t offset_bytes) const {
    const std::size_t wanted = std::min<std::uint64_t>(kChunkBytes, size_bytes_ - offset_bytes);
    if (fd_ < 0) return memory_.subspan(offset_bytes, wanted);
    const MutableBytes buffer = worker_buffer(0);
    const Result<std::size_t> read = read_up_to(fd_, buffer, offset_bytes);
    if (!read) return std::unexpected(read.error());
    if (*read < wanted) return fail(Errc::io_error, "a landed file is too short");
    return buffer.first(wanted);
  }

 private:
  Bytes memory_;
  int fd_ = -1;
  std::uint64_t size_bytes_ = 0;
};

Result<bool> same_as_segment(const DataDirectory& directory, const Arrived& arrived,
                             const BlobId& id, const BlobRecord& record) {
  const Result<LoadedRecord> stored = load_record(directory, id, record);
  if (!stored) return std::unexpected(stored.error());
  if (arrived.size_bytes() == 0) return true;
  const Result<Bytes> piece = arrived.piece(0);
  if (!piece) return std::unexpected(piece.error());
  return same_bytes(*piece, stored->content);
}

Result<bool> same_as_file(const DataDirectory& directory, const Arrived& arrived, const BlobId& id,
                          const BlobRecord& record) {
  Result<Fd> stored = open_blob_file(directory, id, record.size_bytes, directory.caching());
  if (!stored) return std::unexpected(stored.error());
  const MutableBytes buffer = worker_buffer(1);
  for (std::uint64_t offset = 0; offset < record.size_bytes; offset += kChunkBytes) {
    const Result<Bytes> piece = arrived.piece(offset);
    if (!piece) return std::unexpected(piece.error());
    const Result<std::size_t> read = read_up_to(stored->get(), buffer, offset);
    if (!read) return std::unexpected(read.error());
    if (*read < piece->size()) return fail(Errc::corrupt, "a blob's file is too short");
    if (same_bytes(*piece, buffer.first(piece->size()))) continue;
    // Different bytes under one hash: a collision, or a damaged file.
    const Result<Hash128> hash = hash_file(stored->get(), record.size_bytes);
    if (!hash) return std::unexpected(hash.error());
    if (*hash != id.hash) return fail(Errc::corrupt, "a blob's file is not what was stored");
    return false;
  }
  return true;
}

Result<bool> same_as_stored(const DataDirectory& directory, const Arrived& arrived,
                            const BlobId& id, const BlobRecord& record) {
  if (arrived.size_bytes() != record.size_bytes) return false;
  if (record.location.tier == Tier::segment) return same_as_segment(directory, arrived, id, record);
  return same_as_file(directory, arrived, id, record);
}

Task<Result<bool>> compare_on_worker(CoreBlobs& blobs, Arrived arrived, BlobId id,
                                     BlobRecord record) {
  const DataDirectory& directory = blobs.store().directory();
  const Result<bool> same =
      co_await blobs.core().workers().run(blobs.core(), [&directory, &arrived, &id, &record] {
        return same_as_stored(directory, arrived, id, record);
      });
  if (!same && same.error().code == Errc::corrupt) blobs.note_damage(id, same.error().where);
  co_return same;
}

Task<Result<bool>> compare_with_segment(CoreBlobs& blobs, Bytes content, BlobId id,
                                        BlobRecord record) {
  BlobReader reader(blobs, id, record, Permits());
  const Status opened = co_await reader.open();
  if (!opened) {
    co_await reader.close();
    co_return std::unexpected(opened.error());
  }
  const Result<Bytes> stored = co_await reader.next();
  const bool same = stored && same_bytes(content, *stored);
  co_await reader.close();
  co_return same;
}

}  // namespace

Task<Result<bool>> same_content(CoreBlobs& blobs, Bytes content, const BlobId& id,
                                const BlobRecord& record) {
  if (content.size() != record.size_bytes) co_return false;
  if (record.location.tier == Tier::segment) {
    const Result<bool> same = co_await compare_with_segment(blobs, content, id, record);
    co_return same;
  }
  const Result<bool> same = co_await compare_on_worker(blobs, Arrived(content), id, record);
  co_return same;
}

Task<Result<bool>> same_content(CoreBlobs& blobs, const Landing& landed, const BlobId& id,
                                const BlobRecord& record) {
  const Arrived arrived(landed.fd(), landed.size_bytes());
  const Result<bool> same = co_await compare_on_worker(blobs, arrived, id, record);
  co_return same;
}

}  // namespace mooring
