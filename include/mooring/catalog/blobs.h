// Blobs in the catalogue: what is stored, who refers to it, and what may be collected.
//
// A record decides whether a blob exists, never a file (DESIGN 4). References are names, never
// counters: adding one twice is one reference, and a reference cannot be lost by a miscount. The
// first one stands in the blob's own record, for most content has one owner for all its life; those
// that come beside it are keys of a family of their own. The last reference that goes leaves a
// garbage mark; a reference that comes takes it away. All of it happens in the writer's batch, so a
// collector and an upload of the same content cannot miss each other.
//
// Life of a blob (each arrow is one batch):
//   (nothing) --put_blob + add_reference--> live --drop_reference (the last)--> marked
//   marked --add_reference--> live
//   marked --forget_blob--> unlinking (file tier) or (nothing) (segment tier)
//   unlinking --the file is unlinked, then forget_mark--> (nothing)
//
//   I1 a reference implies a blob record.
//   I2 a blob record without any reference has a garbage mark, except between put_blob and
//      add_reference inside one mutation.
//   I3 a mark without a record means: an unlink may be under way, or was when the process died.
//   While
//      it stands put_blob answers `stale`, for the file that was just linked could be the one
//      unlinked.
//   I4 a segment's live bytes and count are the sum over the records that lie in it.
//   I5 while a mark stands the owner in the record is a reference no longer: dropping the only
//      reference of a blob writes the mark and nothing else.
//   I6 keys of references exist only for blobs whose record says that they are shared; it says so
//      for ever after.
//
// Functions that take a Transaction run on the writer; those that take a View run anywhere. All may
// fail with io_error or corrupt besides what is said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/catalog/transaction.h"
#include "mooring/catalog/view.h"

namespace mooring {

struct GarbageMark {
  BlobId id;
  std::int64_t marked_ms = 0;  ///< wall time at which the last reference went
  friend bool operator==(const GarbageMark&, const GarbageMark&) = default;
};

/// What the catalogue knows of one segment file. Sizes are of contents, without headers and
/// padding.
struct SegmentRecord {
  std::uint64_t total_bytes = 0;  ///< ever recorded in it
  std::uint64_t live_bytes = 0;   ///< of blobs that still have a record
  std::uint64_t live_count = 0;
  friend bool operator==(const SegmentRecord&, const SegmentRecord&) = default;
};

struct SegmentName {
  std::uint16_t core = 0;
  std::uint32_t number = 0;
  friend auto operator<=>(const SegmentName&, const SegmentName&) = default;
};

/// A blob's record with what it says about references. The bytes on disk.
struct BlobEntry {
  BlobRecord record;
  bool is_shared = false;  ///< there may be keys of further references, now or later again
  std::string owner = {};  ///< the first reference; empty: none, or it went before others
  friend bool operator==(const BlobEntry&, const BlobEntry&) = default;
};

/// Ordinals one hash can have. More than one takes somebody who builds collisions on purpose.
inline constexpr std::size_t kOrdinalsMax = 65'536;

[[nodiscard]] std::string encode(const BlobEntry& entry);
[[nodiscard]] Result<BlobEntry> decode_blob_entry(std::string_view bytes);
[[nodiscard]] Result<BlobRecord> decode_blob(std::string_view bytes);
[[nodiscard]] std::string encode(const SegmentRecord& record);
[[nodiscard]] Result<SegmentRecord> decode_segment(std::string_view bytes);

/// The record of `id`, if there is one.
[[nodiscard]] Result<std::optional<BlobRecord>> find_blob(const View& view, const BlobId& id);

/// All blobs with this hash, by ordinal: the candidates that are compared byte by byte before
/// content is shared. Usually none or one.
[[nodiscard]] Result<std::vector<std::pair<BlobId, BlobRecord>>> find_blobs_of_hash(
    const View& view, const Hash128& hash);

/// Up to `limit` blobs in key order, after `after`: recovery and checks walk all of them.
[[nodiscard]] Result<std::vector<std::pair<BlobId, BlobRecord>>> list_blobs(
    const View& view, std::size_t limit, const std::optional<BlobId>& after = {});

/// Records a new blob whose bytes are on stable storage. Fails with exists if `id` has a record,
/// with stale if an unlink of `id` may be under way (I3).
[[nodiscard]] Status put_blob(Transaction& transaction, const BlobId& id, const BlobRecord& record);

/// `owner` refers to `id` from now on; a garbage mark goes. Owner: short text that names the record
/// and its slot, such as "picture/<asset id>". Repeating it changes nothing. Fails with stale if
/// there is no such blob: it was collected after the caller had decided to share it.
[[nodiscard]] Status add_reference(Transaction& transaction, const BlobId& id,
                                   std::string_view owner);

/// `owner` no longer refers to `id`. If that was the last reference, a garbage mark with `now_ms`
/// is left. Dropping what is not there changes nothing.
[[nodiscard]] Status drop_reference(Transaction& transaction, const BlobId& id,
                                    std::string_view owner, std::int64_t now_ms);

/// Whether `owner` refers to `id`, whose record is `entry`.
[[nodiscard]] Result<bool> is_referred_to_by(const View& view, const BlobId& id,
                                             const BlobEntry& entry, std::string_view owner);

/// Whether anything refers to `id`.
[[nodiscard]] Result<bool> has_references(const View& view, const BlobId& id);

/// Up to `limit` owners of `id`, in key order.
[[nodiscard]] Result<std::vector<std::string>> list_owners(const View& view, const BlobId& id,
                                                           std::size_t limit);

/// Up to `limit` marks in key order, after `after`. The collector decides by age which to follow.
[[nodiscard]] Result<std::vector<GarbageMark>> list_garbage(
    const View& view, std::size_t limit, const std::optional<BlobId>& after = {});

/// The collector's first step: the record goes, its segment's live bytes shrink. In the file tier
/// the mark stays until forget_mark, so that a crash before the unlink is made good at the next
/// start. Returns the record that was forgotten; nothing if only the unlink is left to do. Fails
/// with conflict if a reference came, with stale if there is no mark.
[[nodiscard]] Result<std::optional<BlobRecord>> forget_blob(Transaction& transaction,
                                                            const BlobId& id);

/// The collector's last step, after the file is gone for good. A mark whose blob still has a record
/// is never taken away here: conflict.
[[nodiscard]] Status forget_mark(Transaction& transaction, const BlobId& id);

/// Compaction: the blob's bytes now lie at `to`. Fails with stale if they no longer lie at `from`
/// or the blob is gone; then the copy is dead.
[[nodiscard]] Status move_blob(Transaction& transaction, const BlobId& id, const BlobLocation& from,
                               const BlobLocation& to);

/// The record of a segment, if anything was ever recorded in it.
[[nodiscard]] Result<std::optional<SegmentRecord>> find_segment(const View& view, SegmentName name);

/// Up to `limit` segments in order of core and number, after `after`.
[[nodiscard]] Result<std::vector<std::pair<SegmentName, SegmentRecord>>> list_segments(
    const View& view, std::size_t limit, const std::optional<SegmentName>& after = {});

/// Takes a segment out of the catalogue before its file is unlinked. Fails with conflict if blobs
/// live in it. A segment that is not known is no error.
[[nodiscard]] Status forget_segment(Transaction& transaction, SegmentName name);

}  // namespace mooring
