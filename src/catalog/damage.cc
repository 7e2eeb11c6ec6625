#include "mooring/catalog/damage.h"

#include "mooring/catalog/blobs.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::uint8_t kMarkFormat = 1;
constexpr std::uint8_t kProgressFormat = 1;
constexpr std::string_view kProgressKey = "scrub";

std::string mark_key(const BlobId& id) {
  return Key().blob(id).take();
}

Result<DamageMark> decode_mark(const Entry& entry) {
  DamageMark mark;
  KeyReader key(entry.key);
  mark.id = key.blob();
  if (auto read = key.finish("key of a damage mark"); !read) return std::unexpected(read.error());
  Decoder in(entry.value, kMarkFormat);
  mark.found_ms = in.signed_number();
  if (auto read = in.finish("damage mark"); !read) return std::unexpected(read.error());
  return mark;
}

}  // namespace

Result<bool> mark_damaged(Transaction& transaction, const BlobId& id, std::int64_t now_ms) {
  const auto blob = find_blob(transaction, id);
  if (!blob) return std::unexpected(blob.error());
  const auto mark = transaction.get(Family::damage, mark_key(id));
  if (!mark) return std::unexpected(mark.error());
  if (!*blob || *mark) return false;
  transaction.put(Family::damage, mark_key(id), Encoder(kMarkFormat).signed_number(now_ms).take());
  return true;
}

Result<bool> unmark_damaged(Transaction& transaction, const BlobId& id) {
  const auto mark = transaction.get(Family::damage, mark_key(id));
  if (!mark) return std::unexpected(mark.error());
  if (*mark) transaction.erase(Family::damage, mark_key(id));
  return mark->has_value();
}

Result<std::vector<DamageMark>> list_damaged(const View& view, std::size_t limit,
                                             const std::optional<BlobId>& after) {
  const std::string start = after ? mark_key(*after) : std::string();
  const auto entries = view.scan(
      {.family = Family::damage, .start = start, .start_key = StartKey::excluded, .limit = limit});
  if (!entries) return std::unexpected(entries.error());
  std::vector<DamageMark> marks;
  for (const Entry& entry : *entries) {
    const auto mark = decode_mark(entry);
    if (!mark) return std::unexpected(mark.error());
    marks.push_back(*mark);
  }
  return marks;
}

Result<ScrubProgress> load_scrub_progress(const View& view) {
  const auto value = view.get(Family::meta, kProgressKey);
  if (!value) return std::unexpected(value.error());
  ScrubProgress progress;
  if (!*value) return progress;
  Decoder in(**value, kProgressFormat);
  progress.began_ms = in.signed_number();
  progress.is_complete = in.flag();
  if (in.flag()) progress.after = in.blob();
  if (auto read = in.finish("progress of the scrub"); !read) return std::unexpected(read.error());
  return progress;
}

void save_scrub_progress(Transaction& transaction, const ScrubProgress& progress) {
  Encoder out(kProgressFormat);
  out.signed_number(progress.began_ms).flag(progress.is_complete).flag(progress.after.has_value());
  if (progress.after) out.blob(*progress.after);
  transaction.put(Family::meta, kProgressKey, out.take());
}

}  // namespace mooring
