#include "mooring/catalog/pictures.h"

#include "mooring/catalog/assets.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::uint8_t kPictureFormat = 1;

std::string picture_key(const Uuid& asset_id) {
  return Key().uuid(asset_id).take();
}

/// P11 and P12 at the moment of the commit.
Status check_asset(const View& view, const PictureRecord& record) {
  const auto asset = find_asset(view, record.asset_id);
  if (!asset) return std::unexpected(asset.error());
  if (!*asset || (*asset)->organization_id != record.organization_id)
    return fail(Errc::not_found, "picture of an asset that is gone");
  return {};
}

Status store(Transaction& transaction, const PictureRecord& record) {
  transaction.put(Family::picture, picture_key(record.asset_id), encode(record));
  return add_reference(transaction, record.blob, picture_owner(record.asset_id));
}

}  // namespace

std::string encode(const PictureRecord& record) {
  return Encoder(kPictureFormat)
      .uuid(record.id)
      .text(record.filename)
      .text(record.owner_id)
      .text(record.mimetype)
      .signed_number(record.updated_ms)
      .text(record.updated_by)
      .signed_number(record.created_ms)
      .text(record.created_by)
      .text(record.organization_id)
      .option(record.manufacturer_id)
      .uuid(record.asset_id)
      .blob(record.blob)
      .number(record.size_bytes)
      .take();
}

Result<PictureRecord> decode_picture(std::string_view bytes) {
  Decoder in(bytes, kPictureFormat);
  PictureRecord record;
  record.id = in.uuid();
  record.filename = in.text();
  record.owner_id = in.text();
  record.mimetype = in.text();
  record.updated_ms = in.signed_number();
  record.updated_by = in.text();
  record.created_ms = in.signed_number();
  record.created_by = in.text();
  record.organization_id = in.text();
  record.manufacturer_id = in.optional_text();
  record.asset_id = in.uuid();
  record.blob = in.blob();
  record.size_bytes = in.number();
  if (auto read = in.finish("picture record"); !read) return std::unexpected(read.error());
  return record;
}

std::string picture_owner(const Uuid& asset_id) {
  return "picture/" + to_string(asset_id);
}

Result<std::optional<PictureRecord>> find_picture(const View& view, const Uuid& asset_id) {
  const auto value = view.get(Family::picture, picture_key(asset_id));
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  return decode_picture(**value);
}

Status create_picture(Transaction& transaction, const PictureRecord& record) {
  if (auto checked = check_asset(transaction, record); !checked) return checked;
  const auto present = find_picture(transaction, record.asset_id);
  if (!present) return std::unexpected(present.error());
  if (*present) return fail(Errc::conflict, "second picture of an asset");
  return store(transaction, record);
}

Result<PictureRecord> replace_picture(Transaction& transaction, const PictureRecord& record) {
  if (auto checked = check_asset(transaction, record); !checked)
    return std::unexpected(checked.error());
  const auto present = find_picture(transaction, record.asset_id);
  if (!present) return std::unexpected(present.error());
  PictureRecord result = record;
  if (*present) {
    result.id = (*present)->id;
    result.owner_id = (*present)->owner_id;
    result.created_ms = (*present)->created_ms;
    result.created_by = (*present)->created_by;
  }
  if (auto stored = store(transaction, result); !stored) return std::unexpected(stored.error());
  if (*present && (*present)->blob != result.blob) {
    const Status dropped = drop_reference(transaction, (*present)->blob,
                                          picture_owner(result.asset_id), result.updated_ms);
    if (!dropped) return std::unexpected(dropped.error());
  }
  return result;
}

Result<std::optional<PictureRecord>> remove_picture(Transaction& transaction, const Uuid& asset_id,
                                                    std::int64_t now_ms) {
  auto present = find_picture(transaction, asset_id);
  if (!present || !*present) return present;
  transaction.erase(Family::picture, picture_key(asset_id));
  const Status dropped =
      drop_reference(transaction, (*present)->blob, picture_owner(asset_id), now_ms);
  if (!dropped) return std::unexpected(dropped.error());
  return present;
}

}  // namespace mooring
