#include "mooring/catalog/images.h"

#include <charconv>

#include "mooring/base/uuid.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::uint8_t kImageFormat = 1;
constexpr std::string_view kLastIdKey = "images.last_id";
constexpr std::string_view kOwnerPrefix = "image/";
constexpr std::size_t kKeysPerScan = 1000;
// Every JSON reader holds an integer of 53 bits exactly.
constexpr std::uint64_t kUploadBits = 53;
constexpr int kDrawsMax = 16;

std::string number_key(std::uint64_t number) {
  return Key().u64(number).take();
}

std::string member_key(std::string_view organization, std::uint64_t id) {
  return Key().text(organization).u64(id).take();
}

Result<std::uint64_t> decode_number(std::string_view bytes) {
  KeyReader in(bytes);
  const std::uint64_t number = in.u64();
  if (auto read = in.finish("number of images"); !read) return std::unexpected(read.error());
  return number;
}

Result<std::uint64_t> next_id(Transaction& transaction) {
  const auto value = transaction.get(Family::meta, kLastIdKey);
  if (!value) return std::unexpected(value.error());
  Result<std::uint64_t> last = 0;
  if (*value) last = decode_number(**value);
  if (!last) return last;
  transaction.put(Family::meta, kLastIdKey, number_key(*last + 1));
  return *last + 1;
}

Result<std::uint64_t> draw_upload(const View& view) {
  for (int draw = 0; draw < kDrawsMax; ++draw) {
    std::uint64_t number = 0;
    random_bytes(std::as_writable_bytes(std::span(&number, 1)));
    number &= (std::uint64_t{1} << kUploadBits) - 1;
    if (number == 0) continue;
    const auto taken = view.get(Family::image_upload, number_key(number));
    if (!taken) return std::unexpected(taken.error());
    if (!*taken) return number;
  }
  return fail(Errc::internal, "every upload number drawn is taken");
}

}  // namespace

std::string encode(const ImageRecord& record) {
  return Encoder(kImageFormat)
      .number(record.id)
      .number(record.upload)
      .one_of(record.type)
      .text(record.organization_id)
      .text(record.filename)
      .text(record.media_type)
      .signed_number(record.created_ms)
      .text(record.created_by)
      .blob(record.blob)
      .number(record.size_bytes)
      .take();
}

Result<ImageRecord> decode_image(std::string_view bytes) {
  Decoder in(bytes, kImageFormat);
  ImageRecord record;
  record.id = in.number();
  record.upload = in.number();
  record.type = in.one_of(ImageType::product, ImageType::category);
  record.organization_id = in.text();
  record.filename = in.text();
  record.media_type = in.text();
  record.created_ms = in.signed_number();
  record.created_by = in.text();
  record.blob = in.blob();
  record.size_bytes = in.number();
  if (auto read = in.finish("image record"); !read) return std::unexpected(read.error());
  return record;
}

std::string image_owner(std::uint64_t id) {
  return std::string(kOwnerPrefix) + std::to_string(id);
}

std::optional<std::string> image_key_of_owner(std::string_view owner) {
  if (!owner.starts_with(kOwnerPrefix)) return {};
  const std::string_view digits = owner.substr(kOwnerPrefix.size());
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (error != std::errc() || end != digits.data() + digits.size() || image_owner(id) != owner)
    return {};
  return number_key(id);
}

Result<std::optional<ImageRecord>> find_image(const View& view, std::uint64_t id) {
  const auto value = view.get(Family::image, number_key(id));
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  return decode_image(**value);
}

Result<std::optional<ImageRecord>> find_image_of_upload(const View& view, std::uint64_t upload) {
  const auto value = view.get(Family::image_upload, number_key(upload));
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  const Result<std::uint64_t> id = decode_number(**value);
  if (!id) return std::unexpected(id.error());
  return find_image(view, *id);
}

Result<ImagePage> list_images(const View& view, std::string_view organization, std::uint64_t skip,
                              std::size_t limit) {
  const std::string prefix = Key().text(organization).take();
  ImagePage page;
  std::string after;
  while (true) {
    const auto entries = view.scan({.family = Family::image_of,
                                    .prefix = prefix,
                                    .start = after,
                                    .start_key = StartKey::excluded,
                                    .limit = kKeysPerScan});
    if (!entries) return std::unexpected(entries.error());
    for (const Entry& entry : *entries) {
      const bool is_wanted = page.total >= skip && page.images.size() < limit;
      ++page.total;
      if (!is_wanted) continue;
      const Result<std::uint64_t> id =
          decode_number(std::string_view(entry.key).substr(prefix.size()));
      if (!id) return std::unexpected(id.error());
      auto image = find_image(view, *id);
      if (!image) return std::unexpected(image.error());
      if (*image) page.images.push_back(**std::move(image));
    }
    if (entries->size() < kKeysPerScan) return page;
    after = entries->back().key;
  }
}

Result<ImageRecord> create_image(Transaction& transaction, ImageRecord record) {
  const Result<std::uint64_t> id = next_id(transaction);
  if (!id) return std::unexpected(id.error());
  const Result<std::uint64_t> upload = draw_upload(transaction);
  if (!upload) return std::unexpected(upload.error());
  record.id = *id;
  record.upload = *upload;
  transaction.put(Family::image, number_key(record.id), encode(record));
  transaction.put(Family::image_upload, number_key(record.upload), number_key(record.id));
  transaction.put(Family::image_of, member_key(record.organization_id, record.id), {});
  const Status referred = add_reference(transaction, record.blob, image_owner(record.id));
  if (!referred) return std::unexpected(referred.error());
  return record;
}

Result<std::optional<ImageRecord>> remove_image(Transaction& transaction, std::uint64_t id,
                                                std::string_view organization,
                                                std::int64_t now_ms) {
  auto present = find_image(transaction, id);
  if (!present || !*present) return present;
  const ImageRecord& image = **present;
  if (image.organization_id != organization) return std::nullopt;
  transaction.erase(Family::image, number_key(id));
  transaction.erase(Family::image_upload, number_key(image.upload));
  transaction.erase(Family::image_of, member_key(organization, id));
  const Status dropped = drop_reference(transaction, image.blob, image_owner(id), now_ms);
  if (!dropped) return std::unexpected(dropped.error());
  return present;
}

}  // namespace mooring
