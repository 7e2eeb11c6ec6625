#include <atomic>
#include <optional>
#include <utility>

#include "mooring/api/pictures/picture_rules.h"
#include "mooring/api/store.h"
#include "mooring/api/upload.h"
#include "mooring/base/clock.h"
#include "picture_handlers.h"

namespace mooring {
namespace {

/// What an asset that has a picture means for an upload.
enum class Existing : std::uint8_t { conflicts, is_replaced };

/// Writes the record of a received picture. Whether the asset is still there and still free is
/// checked here once more, where nothing can come between (P3).
class PutPicture final : public StoreMutation {
 public:
  PutPicture(PictureRecord picture, Existing existing)
      : picture(std::move(picture)), existing_(existing) {}

  Status apply_records(Transaction& transaction, const StoredContent& content) override {
    PictureRecord record = picture;
    record.blob = content.id;
    record.size_bytes = content.record.size_bytes;
    if (existing_ == Existing::conflicts) {
      if (Status created = create_picture(transaction, record); !created) return created;
    } else {
      Result<PictureRecord> replaced = replace_picture(transaction, record);
      if (!replaced) return std::unexpected(replaced.error());
      record = *std::move(replaced);
    }
    picture = std::move(record);
    return {};
  }

  PictureRecord picture;  ///< once stored, as it is now

 private:
  Existing existing_;
};

/// P6, and 507: what the head alone tells about an upload that would be welcome.
std::optional<Response> refuse_by_head(Exchange& exchange) {
  const CoreServices& services = exchange.services;
  const std::uint64_t picture_bytes_max = services.settings.picture_bytes_max;
  const std::uint64_t declared_bytes = exchange.body.declared_bytes().value_or(0);
  if (declared_bytes > picture_bytes_max + kPictureFormBytesMax)
    return refuse_file_too_large(declared_bytes, picture_bytes_max);
  if (services.space_is_short.load(std::memory_order_relaxed)) return refuse(Errc::no_space);
  return {};
}

/// P5 where the file was too large; X9 where the body is no form: 400 in this API's shape.
Response refuse_upload(const Error& error, const Upload& upload, std::uint64_t picture_bytes_max) {
  if (error.code == Errc::too_large && upload.file_bytes_seen > picture_bytes_max)
    return refuse_file_too_large(upload.file_bytes_seen, picture_bytes_max);
  if (error.code == Errc::unsupported_media) return refuse(Errc::invalid);
  return refuse(error);
}

PictureRecord new_picture(const AssetRecord& asset, const Identity& caller) {
  PictureRecord picture;
  picture.id = new_uuid();
  picture.owner_id = caller.organization;
  picture.created_ms = picture.updated_ms = wall_ms();
  picture.created_by = picture.updated_by = caller.user;
  picture.organization_id = asset.organization_id;
  picture.manufacturer_id = asset.manufacturer_id;
  picture.asset_id = asset.id;
  return picture;
}

/// From the body to a stored picture, which is the answer. Path, caller and state were checked.
Task<std::expected<PictureRecord, Response>> receive_picture(Exchange& exchange,
                                                             const AssetRecord& asset,
                                                             Existing existing) {
  std::optional<Response> refused = refuse_by_head(exchange);
  if (refused) co_return std::unexpected(*std::move(refused));

  const std::uint64_t picture_bytes_max = exchange.services.settings.picture_bytes_max;
  const UploadRules rules{.file_field = "file",
                          .raw = raw_if_image(exchange.head),
                          .file_bytes_max = picture_bytes_max,
                          .body_bytes_max = picture_bytes_max + kPictureFormBytesMax};
  Upload upload;
  Status received = co_await receive_upload(exchange, rules, upload);
  if (!received)
    co_return std::unexpected(refuse_upload(received.error(), upload, picture_bytes_max));
  if (!upload.file) co_return std::unexpected(refuse_field(rules.file_field));

  ReceivedFile& file = *upload.file;
  const std::optional<std::string_view> type = picture_type(file.sniffed, file.declared_type);
  if (!type) {
    co_await drop_received(file);
    co_return std::unexpected(refuse_mime_type(kPictureTypes));
  }
  PictureRecord picture = new_picture(asset, caller_of(exchange));
  picture.filename = picture_filename(file.filename, *type);
  picture.mimetype = *type;

  PutPicture mutation(std::move(picture), existing);
  Status stored = co_await store_file(exchange.services, file, mutation);
  if (!stored) co_return std::unexpected(refuse(stored.error()));
  co_return std::move(mutation.picture);
}

}  // namespace

Task<Response> handle_post_picture(Exchange& exchange) {
  Result<AssetPicture> target =
      co_await picture_of_path(exchange, segment_after_prefix(exchange.path, 3));
  if (!target) co_return refuse(target.error());
  if (target->picture) co_return refuse(Errc::conflict);  // P2, before the body (P13)
  auto picture = co_await receive_picture(exchange, target->asset, Existing::conflicts);
  if (!picture) co_return std::move(picture.error());
  co_return json_response(kPictureUploadedStatus, picture_body(*picture));
}

Task<Response> handle_patch_picture(Exchange& exchange) {
  Result<AssetPicture> target = co_await picture_of_path(exchange);
  if (!target) co_return refuse(target.error());
  auto picture = co_await receive_picture(exchange, target->asset, Existing::is_replaced);
  if (!picture) co_return std::move(picture.error());
  collect_later(exchange.services);
  co_return json_response(kPictureReplacedStatus, picture_body(*picture));
}

}  // namespace mooring
