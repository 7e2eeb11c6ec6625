#include "mooring/catalog/blobs.h"

#include "mooring/base/check.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::uint8_t kBlobFormat = 1;
constexpr std::uint8_t kSegmentFormat = 1;
constexpr std::uint8_t kMarkFormat = 1;

std::string blob_key(const BlobId& id) {
  return Key().blob(id).take();
}
std::string segment_key(SegmentName name) {
  return Key().u16(name.core).u32(name.number).take();
}
std::string reference_key(const BlobId& id, std::string_view owner) {
  return Key().blob(id).raw(owner).take();
}

SegmentName segment_of(const BlobLocation& location) {
  return {location.segment_core, location.segment_number};
}

Result<GarbageMark> decode_mark(const Entry& entry) {
  GarbageMark mark;
  KeyReader key(entry.key);
  mark.id = key.blob();
  if (auto read = key.finish("key of a garbage mark"); !read) return std::unexpected(read.error());
  Decoder in(entry.value, kMarkFormat);
  mark.marked_ms = in.signed_number();
  if (auto read = in.finish("garbage mark"); !read) return std::unexpected(read.error());
  return mark;
}

void put_mark(Transaction& transaction, const BlobId& id, std::int64_t now_ms) {
  transaction.put(Family::gc, blob_key(id), Encoder(kMarkFormat).signed_number(now_ms).take());
}

Result<bool> has_mark(const View& view, const BlobId& id) {
  const auto mark = view.get(Family::gc, blob_key(id));
  if (!mark) return std::unexpected(mark.error());
  return mark->has_value();
}

/// A blob of `size_bytes` came to its segment.
Status add_to_segment(Transaction& transaction, SegmentName name, std::uint64_t size_bytes) {
  const auto found = find_segment(transaction, name);
  if (!found) return std::unexpected(found.error());
  SegmentRecord segment = found->value_or(SegmentRecord{});
  segment.total_bytes += size_bytes;
  segment.live_bytes += size_bytes;
  segment.live_count += 1;
  transaction.put(Family::segment, segment_key(name), encode(segment));
  return {};
}

/// A blob of `size_bytes` left its segment. A segment that never held it is damage, not our bug.
Status take_from_segment(Transaction& transaction, SegmentName name, std::uint64_t size_bytes) {
  const auto found = find_segment(transaction, name);
  if (!found) return std::unexpected(found.error());
  SegmentRecord segment = found->value_or(SegmentRecord{});
  if (segment.live_count == 0 || segment.live_bytes < size_bytes)
    return fail(Errc::corrupt, "a segment's account does not cover its blob");
  segment.live_bytes -= size_bytes;
  segment.live_count -= 1;
  transaction.put(Family::segment, segment_key(name), encode(segment));
  return {};
}

using Blobs = std::vector<std::pair<BlobId, BlobRecord>>;

Result<Blobs> scan_blobs(const View& view, const ScanRange& range) {
  const auto entries = view.scan(range);
  if (!entries) return std::unexpected(entries.error());
  Blobs blobs;
  for (const Entry& entry : *entries) {
    KeyReader key(entry.key);
    const BlobId id = key.blob();
    if (auto read = key.finish("key of a blob"); !read) return std::unexpected(read.error());
    const auto record = decode_blob(entry.value);
    if (!record) return std::unexpected(record.error());
    blobs.emplace_back(id, *record);
  }
  return blobs;
}

}  // namespace

std::string encode(const BlobRecord& record) {
  Encoder out(kBlobFormat);
  out.number(record.size_bytes).one_of(record.location.tier);
  if (record.location.tier == Tier::segment)
    out.number(record.location.segment_core)
        .number(record.location.segment_number)
        .number(record.location.segment_offset);
  return out.take();
}

Result<BlobRecord> decode_blob(std::string_view bytes) {
  Decoder in(bytes, kBlobFormat);
  BlobRecord record;
  record.size_bytes = in.number();
  record.location.tier = in.one_of(Tier::segment, Tier::file);
  if (record.location.tier == Tier::segment) {
    record.location.segment_core = in.number_as<std::uint16_t>();
    record.location.segment_number = in.number_as<std::uint32_t>();
    record.location.segment_offset = in.number();
  }
  if (auto read = in.finish("blob record"); !read) return std::unexpected(read.error());
  return record;
}

std::string encode(const SegmentRecord& record) {
  return Encoder(kSegmentFormat)
      .number(record.total_bytes)
      .number(record.live_bytes)
      .number(record.live_count)
      .take();
}

Result<SegmentRecord> decode_segment(std::string_view bytes) {
  Decoder in(bytes, kSegmentFormat);
  SegmentRecord record;
  record.total_bytes = in.number();
  record.live_bytes = in.number();
  record.live_count = in.number();
  if (auto read = in.finish("segment record"); !read) return std::unexpected(read.error());
  return record;
}

Result<std::optional<BlobRecord>> find_blob(const View& view, const BlobId& id) {
  const auto value = view.get(Family::blob, blob_key(id));
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  return decode_blob(**value);
}

Result<Blobs> find_blobs_of_hash(const View& view, const Hash128& hash) {
  const std::string prefix = Key().u64(hash.hi).u64(hash.lo).take();
  return scan_blobs(view, {.family = Family::blob, .prefix = prefix, .limit = kOrdinalsMax});
}

Result<Blobs> list_blobs(const View& view, std::size_t limit, const std::optional<BlobId>& after) {
  const std::string start = after ? blob_key(*after) : std::string();
  return scan_blobs(
      view,
      {.family = Family::blob, .start = start, .start_key = StartKey::excluded, .limit = limit});
}

Status put_blob(Transaction& transaction, const BlobId& id, const BlobRecord& record) {
  const auto known = find_blob(transaction, id);
  if (!known) return std::unexpected(known.error());
  if (*known) return fail(Errc::exists, "put of a blob");
  const auto unlinking = has_mark(transaction, id);
  if (!unlinking) return std::unexpected(unlinking.error());
  if (*unlinking) return fail(Errc::stale, "put of a blob that is being unlinked");
  transaction.put(Family::blob, blob_key(id), encode(record));
  if (record.location.tier == Tier::file) return {};
  return add_to_segment(transaction, segment_of(record.location), record.size_bytes);
}

Status add_reference(Transaction& transaction, const BlobId& id, std::string_view owner) {
  MOORING_CHECK(!owner.empty(), "a reference names its owner");
  const auto blob = find_blob(transaction, id);
  if (!blob) return std::unexpected(blob.error());
  if (!*blob) return fail(Errc::stale, "reference to a blob that is gone");
  transaction.put(Family::ref, reference_key(id, owner), "");
  const auto marked = has_mark(transaction, id);
  if (!marked) return std::unexpected(marked.error());
  if (*marked) transaction.erase(Family::gc, blob_key(id));
  return {};
}

Status drop_reference(Transaction& transaction, const BlobId& id, std::string_view owner,
                      std::int64_t now_ms) {
  const std::string key = reference_key(id, owner);
  const auto present = transaction.get(Family::ref, key);
  if (!present) return std::unexpected(present.error());
  if (!*present) return {};
  transaction.erase(Family::ref, key);
  const auto others = has_references(transaction, id);
  if (!others) return std::unexpected(others.error());
  if (!*others) put_mark(transaction, id, now_ms);
  return {};
}

Result<bool> has_references(const View& view, const BlobId& id) {
  return any_key(view, Family::ref, blob_key(id));
}

Result<std::vector<std::string>> list_owners(const View& view, const BlobId& id,
                                             std::size_t limit) {
  const std::string prefix = blob_key(id);
  const auto entries = view.scan({.family = Family::ref, .prefix = prefix, .limit = limit});
  if (!entries) return std::unexpected(entries.error());
  std::vector<std::string> owners;
  for (const Entry& entry : *entries) owners.push_back(entry.key.substr(prefix.size()));
  return owners;
}

Result<std::vector<GarbageMark>> list_garbage(const View& view, std::size_t limit,
                                              const std::optional<BlobId>& after) {
  const std::string start = after ? blob_key(*after) : std::string();
  const auto entries = view.scan(
      {.family = Family::gc, .start = start, .start_key = StartKey::excluded, .limit = limit});
  if (!entries) return std::unexpected(entries.error());
  std::vector<GarbageMark> marks;
  for (const Entry& entry : *entries) {
    const auto mark = decode_mark(entry);
    if (!mark) return std::unexpected(mark.error());
    marks.push_back(*mark);
  }
  return marks;
}

Result<std::optional<BlobRecord>> forget_blob(Transaction& transaction, const BlobId& id) {
  const auto marked = has_mark(transaction, id);
  if (!marked) return std::unexpected(marked.error());
  if (!*marked) return fail(Errc::stale, "collection of a blob without a mark");
  const auto referenced = has_references(transaction, id);
  if (!referenced) return std::unexpected(referenced.error());
  if (*referenced) return fail(Errc::conflict, "collection of a blob that is referred to");
  auto blob = find_blob(transaction, id);
  if (!blob || !*blob) return blob;
  transaction.erase(Family::blob, blob_key(id));
  const BlobLocation& location = (*blob)->location;
  if (location.tier == Tier::file) return blob;
  transaction.erase(Family::gc, blob_key(id));
  const Status taken = take_from_segment(transaction, segment_of(location), (*blob)->size_bytes);
  if (!taken) return std::unexpected(taken.error());
  return blob;
}

Status forget_mark(Transaction& transaction, const BlobId& id) {
  const auto blob = find_blob(transaction, id);
  if (!blob) return std::unexpected(blob.error());
  if (*blob) return fail(Errc::conflict, "end of a collection that has not begun");
  transaction.erase(Family::gc, blob_key(id));
  return {};
}

Status move_blob(Transaction& transaction, const BlobId& id, const BlobLocation& from,
                 const BlobLocation& to) {
  const auto blob = find_blob(transaction, id);
  if (!blob) return std::unexpected(blob.error());
  if (!*blob || (*blob)->location != from) return fail(Errc::stale, "move of a blob");
  const std::uint64_t size_bytes = (*blob)->size_bytes;
  transaction.put(Family::blob, blob_key(id), encode(BlobRecord{size_bytes, to}));
  if (from.tier == Tier::segment) {
    if (auto taken = take_from_segment(transaction, segment_of(from), size_bytes); !taken)
      return taken;
  }
  if (to.tier == Tier::file) return {};
  return add_to_segment(transaction, segment_of(to), size_bytes);
}

Result<std::optional<SegmentRecord>> find_segment(const View& view, SegmentName name) {
  const auto value = view.get(Family::segment, segment_key(name));
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  return decode_segment(**value);
}

Result<std::vector<std::pair<SegmentName, SegmentRecord>>> list_segments(
    const View& view, std::size_t limit, const std::optional<SegmentName>& after) {
  const std::string start = after ? segment_key(*after) : std::string();
  const auto entries = view.scan(
      {.family = Family::segment, .start = start, .start_key = StartKey::excluded, .limit = limit});
  if (!entries) return std::unexpected(entries.error());
  std::vector<std::pair<SegmentName, SegmentRecord>> segments;
  for (const Entry& entry : *entries) {
    KeyReader key(entry.key);
    const SegmentName name{key.u16(), key.u32()};
    if (auto read = key.finish("key of a segment"); !read) return std::unexpected(read.error());
    const auto record = decode_segment(entry.value);
    if (!record) return std::unexpected(record.error());
    segments.emplace_back(name, *record);
  }
  return segments;
}

Status forget_segment(Transaction& transaction, SegmentName name) {
  const auto segment = find_segment(transaction, name);
  if (!segment) return std::unexpected(segment.error());
  if (!*segment) return {};
  if ((*segment)->live_count > 0) return fail(Errc::conflict, "removal of a segment in use");
  transaction.erase(Family::segment, segment_key(name));
  return {};
}

}  // namespace mooring
