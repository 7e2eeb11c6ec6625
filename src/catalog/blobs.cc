#include "mooring/catalog/blobs.h"

#include <algorithm>
#include <utility>

#include "mooring/base/check.h"
#include "mooring/catalog/codec.h"
#include "mooring/catalog/damage.h"

namespace mooring {
namespace {

constexpr std::uint8_t kBlobFormat = 2;  // 1 had no owner: never released
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

Result<bool> is_present(const View& view, Family family, std::string_view key) {
  const auto value = view.get(family, key);
  if (!value) return std::unexpected(value.error());
  return value->has_value();
}

Result<bool> has_mark(const View& view, const BlobId& id) {
  return is_present(view, Family::gc, blob_key(id));
}

Result<std::optional<BlobEntry>> find_entry(const View& view, const BlobId& id) {
  const auto value = view.get(Family::blob, blob_key(id));
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  return decode_blob_entry(**value);
}

void put_entry(Transaction& transaction, const BlobId& id, const BlobEntry& entry) {
  transaction.put(Family::blob, blob_key(id), encode(entry));
}

Result<bool> has_other_owners(const View& view, const BlobId& id, const BlobEntry& entry) {
  if (!entry.is_shared) return false;
  return any_key(view, Family::ref, blob_key(id));
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

std::string encode(const BlobEntry& entry) {
  const BlobLocation& location = entry.record.location;
  Encoder out(kBlobFormat);
  out.number(entry.record.size_bytes).one_of(location.tier);
  if (location.tier == Tier::segment)
    out.number(location.segment_core)
        .number(location.segment_number)
        .number(location.segment_offset);
  return out.flag(entry.is_shared).text(entry.owner).take();
}

Result<BlobEntry> decode_blob_entry(std::string_view bytes) {
  Decoder in(bytes, kBlobFormat);
  BlobEntry entry;
  BlobLocation& location = entry.record.location;
  entry.record.size_bytes = in.number();
  location.tier = in.one_of(Tier::segment, Tier::file);
  if (location.tier == Tier::segment) {
    location.segment_core = in.number_as<std::uint16_t>();
    location.segment_number = in.number_as<std::uint32_t>();
    location.segment_offset = in.number();
  }
  entry.is_shared = in.flag();
  entry.owner = in.text();
  if (auto read = in.finish("blob record"); !read) return std::unexpected(read.error());
  if (in.version() != kBlobFormat) return fail(Errc::corrupt, "blob record of another format");
  return entry;
}

Result<BlobRecord> decode_blob(std::string_view bytes) {
  const Result<BlobEntry> entry = decode_blob_entry(bytes);
  if (!entry) return std::unexpected(entry.error());
  return entry->record;
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
  const auto entry = find_entry(view, id);
  if (!entry) return std::unexpected(entry.error());
  if (!*entry) return std::nullopt;
  return (*entry)->record;
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
  const auto known = is_present(transaction, Family::blob, blob_key(id));
  if (!known) return std::unexpected(known.error());
  if (*known) return fail(Errc::exists, "put of a blob");
  const auto unlinking = has_mark(transaction, id);
  if (!unlinking) return std::unexpected(unlinking.error());
  if (*unlinking) return fail(Errc::stale, "put of a blob that is being unlinked");
  put_entry(transaction, id, {.record = record});
  if (record.location.tier == Tier::file) return {};
  return add_to_segment(transaction, segment_of(record.location), record.size_bytes);
}

Status add_reference(Transaction& transaction, const BlobId& id, std::string_view owner) {
  MOORING_CHECK(!owner.empty(), "a reference names its owner");
  auto entry = find_entry(transaction, id);
  if (!entry) return std::unexpected(entry.error());
  if (!*entry) return fail(Errc::stale, "reference to a blob that is gone");
  BlobEntry& blob = **entry;
  const auto marked = has_mark(transaction, id);
  if (!marked) return std::unexpected(marked.error());
  if (*marked) {
    transaction.erase(Family::gc, blob_key(id));
    blob.owner.clear();  // it had gone
  }
  if (blob.owner == owner) return {};
  const std::string key = reference_key(id, owner);
  const auto present = blob.is_shared ? is_present(transaction, Family::ref, key) : false;
  if (!present) return std::unexpected(present.error());
  if (*present) return {};
  const bool is_first = blob.owner.empty();
  if (is_first)
    blob.owner = owner;
  else
    transaction.put(Family::ref, key, "");
  if (is_first || !std::exchange(blob.is_shared, true)) put_entry(transaction, id, blob);
  return {};
}

Status drop_reference(Transaction& transaction, const BlobId& id, std::string_view owner,
                      std::int64_t now_ms) {
  auto entry = find_entry(transaction, id);
  if (!entry) return std::unexpected(entry.error());
  if (!*entry) return {};
  BlobEntry& blob = **entry;
  const auto present = is_referred_to_by(transaction, id, blob, owner);
  if (!present) return std::unexpected(present.error());
  if (!*present) return {};
  const bool was_first = blob.owner == owner;
  if (!was_first) transaction.erase(Family::ref, reference_key(id, owner));
  const auto others = was_first || blob.owner.empty() ? has_other_owners(transaction, id, blob)
                                                      : Result<bool>(true);
  if (!others) return std::unexpected(others.error());
  if (!*others) {
    put_mark(transaction, id, now_ms);
  } else if (was_first) {
    blob.owner.clear();
    put_entry(transaction, id, blob);
  }
  return {};
}

Result<bool> is_referred_to_by(const View& view, const BlobId& id, const BlobEntry& entry,
                               std::string_view owner) {
  if (entry.owner != owner)
    return entry.is_shared ? is_present(view, Family::ref, reference_key(id, owner)) : false;
  const auto marked = has_mark(view, id);
  if (!marked) return std::unexpected(marked.error());
  return !*marked;
}

Result<bool> has_references(const View& view, const BlobId& id) {
  const auto entry = find_entry(view, id);
  if (!entry) return std::unexpected(entry.error());
  if (!*entry) return false;
  const auto others = has_other_owners(view, id, **entry);
  if (!others || *others || (*entry)->owner.empty()) return others;
  return is_referred_to_by(view, id, **entry, (*entry)->owner);
}

Result<std::vector<std::string>> list_owners(const View& view, const BlobId& id,
                                             std::size_t limit) {
  std::vector<std::string> owners;
  const auto entry = find_entry(view, id);
  if (!entry) return std::unexpected(entry.error());
  if (!*entry) return owners;
  const std::string& first = (*entry)->owner;
  const auto is_first = !first.empty() ? is_referred_to_by(view, id, **entry, first) : false;
  if (!is_first) return std::unexpected(is_first.error());
  if (*is_first) owners.push_back(first);
  const std::string prefix = blob_key(id);
  const auto entries = view.scan({.family = Family::ref, .prefix = prefix, .limit = limit});
  if (!entries) return std::unexpected(entries.error());
  for (const Entry& other : *entries) owners.push_back(other.key.substr(prefix.size()));
  std::ranges::sort(owners);
  if (owners.size() > limit) owners.resize(limit);
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
  const auto blob = find_entry(transaction, id);
  if (!blob) return std::unexpected(blob.error());
  if (!*blob) return std::nullopt;
  const auto referenced = has_other_owners(transaction, id, **blob);
  if (!referenced) return std::unexpected(referenced.error());
  if (*referenced) return fail(Errc::conflict, "collection of a blob that is referred to");
  const BlobRecord& record = (*blob)->record;
  if (record.location.tier == Tier::segment) {
    const SegmentName segment = segment_of(record.location);
    const Status taken = take_from_segment(transaction, segment, record.size_bytes);
    if (!taken) return std::unexpected(taken.error());
    transaction.erase(Family::gc, blob_key(id));
  }
  transaction.erase(Family::blob, blob_key(id));
  if (const auto unmarked = unmark_damaged(transaction, id); !unmarked)
    return std::unexpected(unmarked.error());
  return record;
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
  auto blob = find_entry(transaction, id);
  if (!blob) return std::unexpected(blob.error());
  if (!*blob || (*blob)->record.location != from) return fail(Errc::stale, "move of a blob");
  const std::uint64_t size_bytes = (*blob)->record.size_bytes;
  (*blob)->record.location = to;
  put_entry(transaction, id, **blob);
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
