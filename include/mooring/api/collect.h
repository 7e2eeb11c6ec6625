// Collector: content that nothing refers to any more goes, after the commit that dropped the
// reference.
//
// One per core, used on its thread. A family wakes it after such a commit and does not wait for it:
// the garbage marks are in the catalogue (catalog/blobs.h), so what a stop interrupts, the next
// start goes on with. For each mark, under the exclusive guard of the hash (blob/guard.h, I3): the
// record goes, the file is unlinked and its directory synced, the mark goes. Deletion is the
// upload's order reversed: a record never names bytes that are gone.
//
// Blobs in segments give their bytes back when the segment is compacted or empty.
#pragma once

#include <cstdint>

#include "mooring/base/blob_id.h"
#include "mooring/base/counter.h"
#include "mooring/base/result.h"
#include "mooring/core/gate.h"
#include "mooring/core/task.h"

namespace mooring {

class CoreBlobs;
class Reader;
class Writer;

class Collector {
 public:
  Collector(Core& core, Reader& reader, Writer& writer, CoreBlobs& blobs) noexcept
      : core_(core), reader_(reader), writer_(writer), blobs_(blobs), gate_(core) {}
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  /// Starts a round, or another one after the round under way.
  void wake();
  /// Lets the round under way end after its present blob, and waits for it.
  [[nodiscard]] Task<void> stop();

  /// Blobs collected since the start.
  [[nodiscard]] std::uint64_t collected() const noexcept { return collected_; }

 private:
  [[nodiscard]] Task<void> run();
  [[nodiscard]] Task<bool> collect_some();
  [[nodiscard]] Task<Status> collect_one(const BlobId& id);

  Core& core_;
  Reader& reader_;
  Writer& writer_;
  CoreBlobs& blobs_;
  Gate gate_;
  bool running_ = false;
  bool again_ = false;
  Counter collected_;
};

}  // namespace mooring
