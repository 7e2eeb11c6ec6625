// Recovery: after it, every byte below blobs/ and segments/ belongs to a record (vow V8).
//
// Runs on the start-up thread after the catalogue is open and before the first core starts;
// blocking, with a few threads of its own. Records decide, never the existence of a file:
//   blobs/<aa>/<id>     without a live record of the file tier: removed
//   blobs/…             leftover temporary names of landings: removed
//   segments/<c>-<n>    without a live record: removed; else cut after the last live record (the
//                       preallocated tail of a segment that was open when the process ended),
//                       unless it has a second name: then a backup shares it (app/backup.h, I1)
//   anything else       not ours: counted, never touched
// Doing it twice changes nothing more. A crash in the middle leaves work for the next start, and so
// does a power cut behind it: removals are not synced, for names that are nobody's may come back.
// With RecoveryMode::report nothing is changed: `mooring check` proves V8 with it.
//
// Of live blobs only what the walk sees is checked here (a segment that is too short for its
// records is counted as damaged); verify_blob looks at one blob, as deep as wanted.
#pragma once

#include <cstdint>
#include <functional>

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/blob/data_directory.h"

namespace mooring {

/// What recovery asks the catalogue.
class LiveBlobs {
 public:
  virtual ~LiveBlobs() = default;
  /// Whether `id` has a record of the file tier. Called from several threads at once.
  [[nodiscard]] virtual Result<bool> is_live_file(const BlobId& id) const = 0;
  /// Calls `visit` for every record of the segment tier, in any order, on the calling thread.
  [[nodiscard]] virtual Status visit_segment_blobs(
      const std::function<void(const BlobId&, const BlobRecord&)>& visit) const = 0;
};

enum class RecoveryMode : std::uint8_t { repair, report };

struct RecoveryOptions {
  RecoveryMode mode = RecoveryMode::repair;
  unsigned threads = 4;  ///< 1 … 64
};

/// "removed" and "cut" read "to be removed" and "to be cut" in RecoveryMode::report.
struct RecoveryReport {
  std::uint64_t files_kept = 0;
  std::uint64_t files_removed = 0;
  std::uint64_t temporaries_removed = 0;
  std::uint64_t segments_kept = 0;
  std::uint64_t segments_removed = 0;
  std::uint64_t segments_cut = 0;
  std::uint64_t segments_damaged = 0;  ///< live records, but the file is missing or too short
  std::uint64_t strangers = 0;         ///< names that are not ours
  std::uint64_t bytes_freed = 0;       ///< of file sizes
};

[[nodiscard]] Result<RecoveryReport> recover(const DataDirectory& directory, const LiveBlobs& live,
                                             const RecoveryOptions& options = {});

enum class VerifyDepth : std::uint8_t {
  names,  ///< a file is there and has the size; a segment's record is verified whole, it is small
  contents,  ///< besides, the digest of a file read from the disk (O_DIRECT) is right
};

/// Looks at one blob on the disk. Blocking; any thread but a core's. not_found: no such file;
/// corrupt: not what was stored; io_error.
[[nodiscard]] Status verify_blob(const DataDirectory& directory, const BlobId& id,
                                 const BlobRecord& record, VerifyDepth depth);

}  // namespace mooring
