#include "mooring/blob/piecewise_verify.h"

#include <algorithm>

#include "blocking_read.h"
#include "mooring/blob/store.h"
#include "mooring/core/workers.h"
#include "mooring/uring/file.h"

namespace mooring {

Task<Result<std::uint64_t>> PiecewiseVerify::step() {
  Result<std::uint64_t> read =
      co_await blobs_.core().workers().run(blobs_.core(), [this] { return read_piece(); });
  co_return read;
}

// On a worker.
Result<std::uint64_t> PiecewiseVerify::read_piece() {
  const DataDirectory& directory = blobs_.store().directory();
  if (record_.location.tier == Tier::segment) {
    done_ = true;
    const Result<LoadedRecord> loaded = load_record(directory, id_, record_);
    if (!loaded) return std::unexpected(loaded.error());
    return record_.size_bytes;
  }
  if (!file_) {
    Result<Fd> file = open_blob_file(directory, id_, record_.size_bytes, directory.caching());
    if (!file) return std::unexpected(file.error());
    file_ = std::move(*file);
  }
  const MutableBytes buffer = worker_buffer(0);
  const std::size_t wanted =
      std::min<std::uint64_t>(buffer.size(), record_.size_bytes - read_bytes_);
  const Result<std::size_t> read = read_up_to(file_.get(), buffer, read_bytes_);
  if (!read) return std::unexpected(read.error());
  if (*read < wanted) return fail(Errc::corrupt, "a blob's file is too short");
  hash_.update(buffer.first(wanted));
  read_bytes_ += wanted;
  done_ = read_bytes_ == record_.size_bytes;
  if (done_ && hash_.finish() != id_.hash)
    return fail(Errc::corrupt, "a blob's file is not what was stored");
  return wanted;
}

}  // namespace mooring
