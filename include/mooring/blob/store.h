// BlobStore and CoreBlobs: the blob wing as the floors above hold it.
//
// BlobStore is process-wide: made once after the data directory was opened, destroyed after the
// last CoreBlobs; every function may be called from any thread. CoreBlobs is a core's half: made on
// the core's thread, started before the first upload, stopped (awaited) before the core stops.
//
// The path of a small upload:  hash → guards().lock(core, hash, exclusive) → look-up → same_content
//     (compare.h) → share, or append under the next ordinal → catalogue commit → guard released.
// The path of a large upload:  Landing (landing.h) while receiving → finish → guard → look-up →
//     same_content → abandon and share, or publish → catalogue commit → guard released.
// Reads: VerifiedCache (verified_cache.h), else BlobReader (reader.h). Collection: collect.h.
// Start-up: recovery.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "mooring/base/result.h"
#include "mooring/blob/data_directory.h"
#include "mooring/blob/directory_syncs.h"
#include "mooring/blob/guard.h"
#include "mooring/blob/options.h"
#include "mooring/blob/removals.h"
#include "mooring/blob/segment_files.h"
#include "mooring/blob/segment_format.h"
#include "mooring/blob/segment_writer.h"
#include "mooring/blob/verified_cache.h"
#include "mooring/core/mailbox.h"
#include "mooring/core/semaphore.h"
#include "mooring/core/task.h"

namespace mooring {

class CoreBlobs;

class BlobStore {
 public:
  /// Lists segments/ for the numbers already used. Blocking, at start. Run `recover` before.
  [[nodiscard]] static Result<std::unique_ptr<BlobStore>> open(
      std::unique_ptr<DataDirectory> directory, BlobOptions options);
  ~BlobStore();
  BlobStore(const BlobStore&) = delete;
  BlobStore& operator=(const BlobStore&) = delete;

  [[nodiscard]] const DataDirectory& directory() const noexcept { return *directory_; }
  [[nodiscard]] const BlobOptions& options() const noexcept { return options_; }
  [[nodiscard]] HashGuards& guards() noexcept { return guards_; }
  [[nodiscard]] DirectorySyncs& directory_syncs() noexcept { return directory_syncs_; }
  [[nodiscard]] Removals& removals() noexcept { return removals_; }
  [[nodiscard]] VerifiedCache& cache() noexcept { return cache_; }

  /// Numbers of new segments of this core will be above `segment.number`. For numbers the catalogue
  /// still knows though their file is gone; at start.
  void note_segment(SegmentId segment);
  /// A number that no segment of `core` ever had; the segment counts as open until close_segment.
  [[nodiscard]] SegmentId open_segment(unsigned core);
  void close_segment(SegmentId segment);
  /// Whether some core appends to `segment`, or is about to, or has appended what is not committed
  /// yet. Such a segment is never compacted and never dropped.
  [[nodiscard]] bool is_open(SegmentId segment) const;

  /// The file of `segment` is unlinked: every core that has it open for reading lets it go, so that
  /// its space comes back. Readers under way end undisturbed.
  void forget_everywhere(SegmentId segment);

  /// Blobs that a read or a comparison found damaged since the last call, each once; at most
  /// kSuspectsMax are remembered. For the scrub, which looks again and marks them.
  static constexpr std::size_t kSuspectsMax = 1024;
  [[nodiscard]] std::vector<BlobId> take_suspects();

  /// Logs and calls on_sync_failure, the first time; any thread.
  void report_sync_failure(const Error& error) noexcept;

 private:
  friend class CoreBlobs;
  BlobStore(std::unique_ptr<DataDirectory> directory, BlobOptions options);

  std::unique_ptr<DataDirectory> directory_;
  BlobOptions options_;
  HashGuards guards_;
  DirectorySyncs directory_syncs_;
  Removals removals_;
  VerifiedCache cache_;
  std::atomic<bool> sync_failed_{false};
  mutable std::mutex segments_mutex_;
  std::map<std::uint16_t, std::uint32_t> numbers_used_;  // by core: the highest
  std::set<SegmentId> open_segments_;
  std::mutex cores_mutex_;
  std::set<CoreBlobs*> cores_;  // started, not stopped
  std::mutex suspects_mutex_;
  std::set<BlobId> suspects_;
};

class CoreBlobs final : private Message {
 public:
  CoreBlobs(Core& core, BlobStore& store);
  CoreBlobs(const CoreBlobs&) = delete;
  CoreBlobs& operator=(const CoreBlobs&) = delete;

  /// Takes SegmentWriter::kChunks chunk permits for good.
  [[nodiscard]] Task<void> start();
  /// After the last upload has ended.
  [[nodiscard]] Task<void> stop();

  /// Small content into the open segment: see SegmentWriter::append.
  [[nodiscard]] SegmentWriter::Append append(const BlobId& id, Bytes content,
                                             SegmentHold* hold = nullptr) noexcept {
    return segment_writer_.append(id, content, hold);
  }

  /// Counts and logs that the stored content of `id` is not what it was, and makes it a suspect.
  /// `what` is a literal.
  void note_damage(const BlobId& id, const char* what);

  [[nodiscard]] Core& core() noexcept { return core_; }
  [[nodiscard]] BlobStore& store() noexcept { return store_; }
  [[nodiscard]] SegmentWriter& segment_writer() noexcept { return segment_writer_; }
  [[nodiscard]] SegmentFiles& segment_files() noexcept { return segment_files_; }
  /// Permits to write a chunk of a landing (BlobOptions::large_writes_max).
  [[nodiscard]] Semaphore& large_writes() noexcept { return large_writes_; }
  /// Counted on the core's thread, read from anywhere.
  [[nodiscard]] BlobCounters& counters() noexcept { return counters_; }

 private:
  friend class BlobStore;
  void deliver() noexcept override;

  Core& core_;
  BlobStore& store_;
  BlobCounters counters_;
  std::vector<SegmentId> dropped_;  // to be forgotten here; guarded by the store's cores_mutex_
  SegmentFiles segment_files_;
  SegmentWriter segment_writer_;
  Semaphore large_writes_;
};

}  // namespace mooring
