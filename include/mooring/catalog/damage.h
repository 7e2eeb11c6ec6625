// Damage: which stored contents are known not to be what was stored, and how far the search has
// come.
//
// A mark is set when a blob was found damaged, under the guard of its hash, and taken away when it
// was found sound again or its record goes. Marks tell operators what to restore; they decide
// nothing: every read verifies for itself (vow V7).
//
//   damage  blob key 18 -> when it was found
//   meta    "scrub"     -> ScrubProgress
//
//   I1  A mark implies a blob record.
//
// Functions that take a Transaction run on the writer; those that take a View run anywhere. All may
// fail with io_error or corrupt.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/catalog/transaction.h"
#include "mooring/catalog/view.h"

namespace mooring {

struct DamageMark {
  BlobId id;
  std::int64_t found_ms = 0;  ///< wall time
  friend bool operator==(const DamageMark&, const DamageMark&) = default;
};

/// Marks `id`; a mark that is there stays as it is. Nothing if the blob has no record. Answers
/// whether the mark is new.
[[nodiscard]] Result<bool> mark_damaged(Transaction& transaction, const BlobId& id,
                                        std::int64_t now_ms);
/// Takes the mark away. Answers whether there was one.
[[nodiscard]] Result<bool> unmark_damaged(Transaction& transaction, const BlobId& id);
/// Up to `limit` marks in key order, after `after`.
[[nodiscard]] Result<std::vector<DamageMark>> list_damaged(const View& view, std::size_t limit,
                                                           const std::optional<BlobId>& after = {});

/// Where the scrub is in its walk over all blobs.
struct ScrubProgress {
  std::int64_t began_ms = 0;    ///< wall time at which the cycle began; 0: none ever did
  bool is_complete = false;     ///< the cycle has seen every blob
  std::optional<BlobId> after;  ///< the last blob it has seen
  friend bool operator==(const ScrubProgress&, const ScrubProgress&) = default;
};

[[nodiscard]] Result<ScrubProgress> load_scrub_progress(const View& view);
void save_scrub_progress(Transaction& transaction, const ScrubProgress& progress);

}  // namespace mooring
