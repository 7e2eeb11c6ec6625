// Compactor: space of small blobs that are gone comes back.
//
// Collection takes the record of a small blob away; its bytes stay in their segment. The compactor
// looks at the accounts of the segments (catalog/blobs.h, I4), takes the closed ones of which less
// than a share is alive, emptiest first, copies what lives to the end of the store and unlinks
// them. One per server, owned by core 0 and used on its thread; a task among others, that does its
// reading on workers and goes no faster than its Pace.
//
// Order for one segment, batch by batch (at most kBatchRecords blobs and kBatchBytes):
//   1  its headers are read; the catalogue tells which of the records still lie there
//   2  their hashes are guarded, exclusively and in ascending order (blob/guard.h)
//   3  each record is read, verified and appended through the core's segment writer: synced
//      (blob/relocate.h)
//   4  one mutation moves the locations, only of blobs that still live and still lie there
//   5  the guards are given back
// and when nothing lives in it any more: the catalogue forgets the segment, its file is unlinked,
// and every core closes it. Steps 2 to 5 and the end are steps of Removals: none while a backup
// copies.
//
// I1  At any instant the location in the catalogue names sound bytes: the copy is on stable storage
//     before the location moves, and the old file goes after. A crash leaves the one or the other
//     valid, and recovery (blob/recovery.h) removes what no record names.
// I2  What a reader has open goes on; who looked up the old location and comes too late to open it
//     looks again (api/download.h).
// I3  Damage is never copied as if it were sound: a damaged record stays where it is, is counted,
//     and keeps its segment, until its owners are gone.
// I4  A segment with appends that are not committed yet is open (SegmentWriter I5), so an account
//     that says "empty" is the whole truth about a closed segment.
//
// A closed segment without an account holds nothing that was ever committed, and goes as an empty
// one does. One that could not be emptied is left alone until its account changes.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "mooring/base/bytes.h"
#include "mooring/base/counter.h"
#include "mooring/base/result.h"
#include "mooring/blob/guard.h"
#include "mooring/blob/relocate.h"
#include "mooring/blob/removals.h"
#include "mooring/catalog/blobs.h"
#include "mooring/core/gate.h"
#include "mooring/core/pace.h"
#include "mooring/core/task.h"

namespace mooring {

class CoreBlobs;
class Reader;
class Writer;

struct CompactionOptions {
  /// Segments of which less than this share of the recorded bytes lives are compacted. 0: only
  /// empty ones are dropped.
  std::uint64_t live_percent_min = 50;
  std::uint64_t interval_ms = 5'000;  ///< between two looks at the accounts
  PaceOptions pace = {.bytes_per_second = 32_MiB, .latency_budget_ms = 50};
};

struct CompactionCounters {
  Counter segments_dropped;  ///< unlinked, compacted or empty
  Counter moved_blobs;
  Counter moved_bytes;    ///< of content
  Counter damaged_blobs;  ///< records that stayed where they were because they are damaged
};

/// Whether compaction takes a closed segment with this account.
[[nodiscard]] bool is_worth_compacting(const SegmentRecord& account,
                                       std::uint64_t live_percent_min) noexcept;

class Compactor {
 public:
  static constexpr std::size_t kBatchRecords = 64;
  static constexpr std::uint64_t kBatchBytes = 1_MiB;

  Compactor(Core& core, Reader& reader, Writer& writer, CoreBlobs& blobs,
            const CompactionOptions& options) noexcept
      : core_(core),
        reader_(reader),
        writer_(writer),
        blobs_(blobs),
        options_(options),
        pace_(core, options.pace),
        gate_(core) {}
  Compactor(const Compactor&) = delete;
  Compactor& operator=(const Compactor&) = delete;

  /// Looks at the accounts now and after every interval, until `stop`.
  void start();
  /// Lets the step under way end, and waits for it.
  [[nodiscard]] Task<void> stop();
  /// One look, and what it finds to do. `start` does this over and over; tests call it alone.
  [[nodiscard]] Task<void> run_once();

  /// Counted on the core's thread.
  [[nodiscard]] const CompactionCounters& counters() const noexcept { return counters_; }

 private:
  struct Candidate {
    SegmentName name;
    SegmentRecord account;
  };
  struct LivePage;

  [[nodiscard]] Task<void> run();
  [[nodiscard]] Task<Result<std::vector<Candidate>>> choose();
  [[nodiscard]] Task<Status> empty_segment(SegmentName name);
  [[nodiscard]] Task<Status> move_records(std::vector<Relocation> records);
  [[nodiscard]] Task<Status> move_batch(std::vector<Relocation> batch);
  [[nodiscard]] Task<Status> drop(SegmentName name);
  [[nodiscard]] Task<bool> may_remove(Removals::Step& step);

  Core& core_;
  Reader& reader_;
  Writer& writer_;
  CoreBlobs& blobs_;
  CompactionOptions options_;
  Pace pace_;
  Gate gate_;
  /// Segments that could not be emptied, with the account they had then.
  std::map<SegmentName, SegmentRecord> left_;
  CompactionCounters counters_;
};

}  // namespace mooring
