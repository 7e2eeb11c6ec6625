// Collector: content that nothing refers to any more goes, after the commit that dropped the
// reference.
//
// One per core, used on its thread. A family wakes it after such a commit and does not wait for it:
// the garbage marks are in the catalogue (catalog/blobs.h), so what a stop interrupts, the next
// start goes on with. Marks gather for a moment, then many go at once, under the exclusive guards
// of their hashes (blob/guard.h, I3): the records go, the files are unlinked and their directories
// synced, the marks go. Deletion is the upload's order reversed: a record never names bytes that
// are gone. Which blobs were marked the writer tells (catalog/garbage.h); the catalogue is searched
// at the start, and after failures.
//
// Each of these is a step of Removals (blob/removals.h): while a backup copies, collection waits.
// Blobs in segments give their bytes back when the segment is compacted or empty (api/compact.h).
#pragma once

#include <cstdint>
#include <vector>

#include "mooring/base/blob_id.h"
#include "mooring/base/counter.h"
#include "mooring/base/result.h"
#include "mooring/blob/guard.h"
#include "mooring/core/gate.h"
#include "mooring/core/task.h"

namespace mooring {

class CoreBlobs;
class Reader;
class Writer;

class Collector {
 public:
  /// A round begins `gather_ms` after it was asked for.
  Collector(Core& core, Reader& reader, Writer& writer, CoreBlobs& blobs,
            std::uint64_t gather_ms) noexcept
      : core_(core),
        reader_(reader),
        writer_(writer),
        blobs_(blobs),
        gather_ms_(gather_ms),
        gate_(core) {}
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  /// Starts a round, or another one after the round under way.
  void wake();
  /// Lets the round under way end after its present commit, and waits for it.
  [[nodiscard]] Task<void> stop();

  /// Blobs collected since the start.
  [[nodiscard]] std::uint64_t collected() const noexcept { return collected_; }

 private:
  using Guards = std::vector<HashGuard>;

  [[nodiscard]] Task<void> run();
  [[nodiscard]] Task<void> collect_noted();
  [[nodiscard]] Task<void> collect_found();
  [[nodiscard]] Task<void> collect(std::vector<BlobId> ids);
  [[nodiscard]] Task<Status> collect_at_once(const std::vector<BlobId>& ids);
  [[nodiscard]] Task<Guards> guard(const std::vector<BlobId>& ids);
  [[nodiscard]] Status note_failure(const char* what, const Error& error);

  Core& core_;
  Reader& reader_;
  Writer& writer_;
  CoreBlobs& blobs_;
  std::uint64_t gather_ms_;
  Gate gate_;
  bool running_ = false;
  bool again_ = false;
  Counter collected_;
};

}  // namespace mooring
