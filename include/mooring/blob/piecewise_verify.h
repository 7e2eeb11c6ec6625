// PiecewiseVerify: is a stored blob what was stored, found out in small steps.
//
// For the scrub, which may neither keep a worker busy for as long as a large file takes to read,
// nor read faster than it is told to. One step is one job of a worker: a record of a segment, or up
// to a MiB of a file, read from the disk past the page cache where the file system can (what the
// cache holds proves nothing about the disk).
//
// On a core's thread, without a guard: what is found may be the end of a collection or a move as
// well as damage. Whoever acts on it looks once more under the guard (recovery.h: verify_blob).
#pragma once

#include <cstdint>

#include "mooring/base/blob_id.h"
#include "mooring/base/digest.h"
#include "mooring/base/result.h"
#include "mooring/core/task.h"
#include "mooring/uring/fd.h"

namespace mooring {

class CoreBlobs;

class PiecewiseVerify {
 public:
  PiecewiseVerify(CoreBlobs& blobs, const BlobId& id, const BlobRecord& record) noexcept
      : blobs_(blobs), id_(id), record_(record) {}
  PiecewiseVerify(const PiecewiseVerify&) = delete;
  PiecewiseVerify& operator=(const PiecewiseVerify&) = delete;

  /// The next step; how many bytes it read. Errors end it: corrupt, not_found, io_error,
  /// overloaded. Not counted or logged here.
  [[nodiscard]] Task<Result<std::uint64_t>> step();
  [[nodiscard]] bool is_done() const noexcept { return done_; }

 private:
  [[nodiscard]] Result<std::uint64_t> read_piece();

  CoreBlobs& blobs_;
  BlobId id_;
  BlobRecord record_;
  Fd file_;
  StreamHash hash_;
  std::uint64_t read_bytes_ = 0;
  bool done_ = false;
};

}  // namespace mooring
