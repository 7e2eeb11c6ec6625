// Scrubber: reads every stored blob from time to time, so that damage is known before somebody
// needs the content.
//
// One per server, owned by core 0 and used on its thread; it reads on workers, in small steps, no
// faster than its Pace. A cycle walks over all blobs in the order of their ids; where it is stands
// in the catalogue, so that a restart goes on and does not begin anew (at most kSaveMs of work is
// done twice after a crash). A new cycle begins `cycle_ms` after the last one began, or when that
// has ended.
//
// What looks damaged is looked at once more under the guard of its hash, where it can be neither
// collected nor moved. If it is damaged still, it is marked in the catalogue (catalog/damage.h),
// counted and logged with its owners and the cure; if it is sound, an older mark goes. The same
// happens, within a second, to what a download, an upload of the same content or a rendition
// stumbled over (BlobStore::take_suspects), whether cycles are switched off or not. At the end of a
// cycle every mark has been judged anew.
//
// After an unclean stop the contents that were stored last come first (api/recent_contents.h), at
// the same pace and with cycles switched off, too: a sync that failed ends the process, and what
// the page cache says of its bytes proves nothing.
//
// I1  A mark is only ever set on evidence read under the guard.
// I2  The scrub changes no content. Damage is served as an error, never as a complete 200: that
//     every read sees to itself (blob/reader.h, I1).
#pragma once

#include <cstdint>
#include <optional>

#include "mooring/base/bytes.h"
#include "mooring/base/counter.h"
#include "mooring/base/result.h"
#include "mooring/catalog/damage.h"
#include "mooring/core/gate.h"
#include "mooring/core/pace.h"
#include "mooring/core/task.h"

namespace mooring {

class CoreBlobs;
class Reader;
class Writer;

struct ScrubOptions {
  /// 0 bytes per second: no cycles.
  PaceOptions pace = {.bytes_per_second = 4_MiB, .latency_budget_ms = 50};
  std::uint64_t cycle_ms = 7ull * 24 * 3'600'000;
  bool after_unclean_stop = false;
};

struct ScrubCounters {
  Counter blobs;   ///< read and verified
  Counter bytes;   ///< of content
  Counter cycles;  ///< that saw every blob
  Counter found;   ///< blobs newly found damaged
  Counter marked;  ///< a gauge: blobs that are marked now
};

class Scrubber {
 public:
  static constexpr std::uint64_t kSaveMs = 60'000;
  static constexpr std::uint64_t kLookMs = 1'000;  ///< for suspects, between steps of a cycle

  Scrubber(Core& core, Reader& reader, Writer& writer, CoreBlobs& blobs,
           const ScrubOptions& options) noexcept
      : core_(core),
        reader_(reader),
        writer_(writer),
        blobs_(blobs),
        options_(options),
        pace_(core, options.pace),
        gate_(core) {}
  Scrubber(const Scrubber&) = delete;
  Scrubber& operator=(const Scrubber&) = delete;

  /// Works until `stop`.
  void start();
  /// Lets the step under way end, remembers where it was, and waits for that.
  [[nodiscard]] Task<void> stop();

  /// Counted on the core's thread.
  [[nodiscard]] const ScrubCounters& counters() const noexcept { return counters_; }

 private:
  [[nodiscard]] Task<void> run();
  [[nodiscard]] Task<bool> load();
  [[nodiscard]] Task<void> look_at_recent();
  [[nodiscard]] Task<bool> walk_page();
  [[nodiscard]] Task<bool> verify(const BlobId& id, const BlobRecord& record);
  [[nodiscard]] Task<void> look_at_suspects();
  [[nodiscard]] Task<void> judge(const BlobId& id);
  [[nodiscard]] Task<void> note_damaged(const BlobId& id, const Error& cause);
  [[nodiscard]] Task<void> note_sound(const BlobId& id);
  [[nodiscard]] Task<void> judge_marks();
  [[nodiscard]] Task<void> save();
  [[nodiscard]] bool is_cycle_due() const noexcept;

  Core& core_;
  Reader& reader_;
  Writer& writer_;
  CoreBlobs& blobs_;
  ScrubOptions options_;
  Pace pace_;
  Gate gate_;
  ScrubProgress progress_;
  bool is_saved_ = true;
  std::uint64_t saved_ms_ = 0;  // monotonic
  std::uint64_t looked_ms_ = 0;
  ScrubCounters counters_;
};

}  // namespace mooring
