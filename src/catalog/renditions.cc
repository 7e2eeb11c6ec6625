#include "mooring/catalog/renditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "mooring/catalog/blobs.h"
#include "mooring/catalog/codec.h"

namespace mooring {

namespace {

constexpr std::uint8_t kRenditionFormat = 1;
constexpr std::string_view kOwnerPrefix = "rendition/";
// Renditions of one original; a family asks for a handful.
constexpr std::size_t kPage = 256;
// Pictures looked at for a ring. Beyond it the record gets no reference, which is always safe.
constexpr std::size_t kRingMax = 64;

using Renditions = std::vector<std::pair<RenditionKey, RenditionRecord>>;

Result<Renditions> renditions_of(const View& view, const BlobId& original) {
  const Key prefix = Key().blob(original);
  const auto entries = view.scan({.family = Family::rendition, .prefix = prefix, .limit = kPage});
  if (!entries) return std::unexpected(entries.error());
  Renditions found;
  for (const Entry& entry : *entries) {
    const Result<RenditionKey> key = decode_rendition_key(entry.key);
    if (!key) return std::unexpected(key.error());
    const Result<RenditionRecord> record = decode_rendition(entry.value);
    if (!record) return std::unexpected(record.error());
    found.emplace_back(*key, *record);
  }
  return found;
}

// Whether `blob` leads back to `original` through renditions that hold references (I3).
Result<bool> makes_ring(const View& view, const BlobId& original, const BlobId& blob) {
  std::vector<BlobId> seen = {blob};
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i] == original || seen.size() > kRingMax) return true;
    const Result<Renditions> next = renditions_of(view, seen[i]);
    if (!next) return std::unexpected(next.error());
    for (const auto& [key, record] : *next)
      if (record.hold == RenditionHold::reference &&
          std::ranges::find(seen, record.blob) == seen.end())
        seen.push_back(record.blob);
  }
  return false;
}

Status erase(Transaction& transaction, const RenditionKey& key, const RenditionRecord& record,
             std::int64_t now_ms) {
  transaction.erase(Family::rendition, rendition_key(key));
  if (record.hold == RenditionHold::none) return {};
  return drop_reference(transaction, record.blob, rendition_owner(key), now_ms);
}

Result<std::optional<RenditionRecord>> find_record(const View& view, const RenditionKey& key) {
  const Result<Value> value = view.get(Family::rendition, rendition_key(key));
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  return decode_rendition(**value);
}

// A number up to `end`, or up to the end of the text.
std::optional<std::uint16_t> take_number(std::string_view& text, char end) {
  std::uint16_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc()) return std::nullopt;
  const bool at_end = stopped == last;
  if (end == '\0' ? !at_end : at_end || *stopped != end) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stopped - text.data()) + (at_end ? 0 : 1));
  return number;
}

}  // namespace

std::string encode(const RenditionRecord& record) {
  return Encoder(kRenditionFormat).blob(record.blob).one_of(record.hold).take();
}

Result<RenditionRecord> decode_rendition(std::string_view bytes) {
  Decoder in(bytes, kRenditionFormat);
  RenditionRecord record;
  record.blob = in.blob();
  record.hold = in.one_of(RenditionHold::reference, RenditionHold::none);
  if (auto read = in.finish("rendition record"); !read) return std::unexpected(read.error());
  return record;
}

std::string rendition_key(const RenditionKey& key) {
  return Key().blob(key.original).u16(key.width_max).u16(key.height_max).u16(key.format).take();
}

Result<RenditionKey> decode_rendition_key(std::string_view bytes) {
  KeyReader in(bytes);
  RenditionKey key;
  key.original = in.blob();
  key.width_max = in.u16();
  key.height_max = in.u16();
  key.format = in.u16();
  if (auto read = in.finish("key of a rendition"); !read) return std::unexpected(read.error());
  return key;
}

std::string rendition_owner(const RenditionKey& key) {
  return fmt::format("{}{}/{}x{}-{}", kOwnerPrefix, to_string(key.original), key.width_max,
                     key.height_max, key.format);
}

std::optional<RenditionKey> parse_rendition_owner(std::string_view owner) {
  if (!owner.starts_with(kOwnerPrefix)) return std::nullopt;
  std::string_view rest = owner.substr(kOwnerPrefix.size());
  const std::size_t slash = rest.find('/');
  if (slash == rest.npos) return std::nullopt;
  const std::optional<BlobId> original = parse_blob_id(rest.substr(0, slash));
  rest.remove_prefix(slash + 1);
  if (!original) return std::nullopt;
  const std::optional<std::uint16_t> width = take_number(rest, 'x');
  if (!width) return std::nullopt;
  const std::optional<std::uint16_t> height = take_number(rest, '-');
  if (!height) return std::nullopt;
  const std::optional<std::uint16_t> format = take_number(rest, '\0');
  if (!format) return std::nullopt;
  const RenditionKey key{*original, *width, *height, *format};
  if (rendition_owner(key) != owner) return std::nullopt;  // 007x1-0
  return key;
}

Result<std::optional<BlobId>> find_rendition(const View& view, const RenditionKey& key) {
  const auto record = find_record(view, key);
  if (!record) return std::unexpected(record.error());
  if (!*record) return std::nullopt;
  const auto blob = find_blob(view, (*record)->blob);
  if (!blob) return std::unexpected(blob.error());
  if (!*blob) return std::nullopt;
  return (*record)->blob;
}

Status put_rendition(Transaction& transaction, const RenditionKey& key, const BlobId& blob,
                     std::int64_t now_ms) {
  const auto original = find_blob(transaction, key.original);
  if (!original) return std::unexpected(original.error());
  if (!*original) return fail(Errc::not_found, "rendition of a blob that is gone");
  const auto older = find_record(transaction, key);
  if (!older) return std::unexpected(older.error());
  if (*older) {
    if (Status erased = erase(transaction, key, **older, now_ms); !erased) return erased;
  }
  const auto ring = makes_ring(transaction, key.original, blob);
  if (!ring) return std::unexpected(ring.error());
  const RenditionHold hold = *ring ? RenditionHold::none : RenditionHold::reference;
  transaction.put(Family::rendition, rendition_key(key), encode(RenditionRecord{blob, hold}));
  if (hold == RenditionHold::reference)
    return add_reference(transaction, blob, rendition_owner(key));
  const auto there = find_blob(transaction, blob);
  if (!there) return std::unexpected(there.error());
  return *there ? Status{} : fail(Errc::stale, "a rendition's blob is gone");
}

Result<std::size_t> drop_renditions(Transaction& transaction, const BlobId& original,
                                    std::int64_t now_ms) {
  std::size_t dropped = 0;
  while (true) {
    const Result<Renditions> page = renditions_of(transaction, original);
    if (!page) return std::unexpected(page.error());
    for (const auto& [key, record] : *page)
      if (Status erased = erase(transaction, key, record, now_ms); !erased)
        return std::unexpected(erased.error());
    dropped += page->size();
    if (page->size() < kPage) return dropped;
  }
}

}  // namespace mooring
