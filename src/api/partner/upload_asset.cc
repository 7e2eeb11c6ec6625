// POST of an asset: contract 2.1, rules B1, B2, B5, B6.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>
#include <utility>

#include "mooring/api/base_url.h"
#include "mooring/api/partner/envelope.h"
#include "mooring/api/partner/partner_body.h"
#include "mooring/api/partner/partner_rules.h"
#include "mooring/api/renditions.h"
#include "mooring/api/store.h"
#include "mooring/api/upload.h"
#include "mooring/base/clock.h"
#include "mooring/base/utf8.h"
#include "partner_handlers.h"

namespace mooring {
namespace {

class PutPartnerAsset final : public StoreMutation {
 public:
  explicit PutPartnerAsset(PartnerAssetRecord record) : asset(std::move(record)) {}

  Status apply_records(Transaction& transaction, const StoredContent& content) override {
    asset.blob = content.id;
    asset.size_bytes = content.record.size_bytes;
    return create_partner_asset(transaction, asset);
  }

  PartnerAssetRecord asset;  ///< once stored, as it is
};

/// What was sent beside the file.
struct Fields {
  std::optional<std::string> name;
  std::optional<std::string> type;  ///< `assetType`
};

using Refusal = std::optional<Response>;

Response refuse_size(std::uint64_t bytes_max) {  // B5: 400, not 413
  return refuse_argument(fmt::format("file is larger than the maximum of {} bytes", bytes_max));
}

/// A body that is the file itself is taken only where the head names the file: a form that was
/// sent under a wrong or missing Content-Type stays an error (X9) and is not stored as a file.
RawUploads raw_uploads_of(const Exchange& exchange) {
  const auto disposition = exchange.head.find("content-disposition");
  const bool is_named = disposition || exchange.query.find("filename");
  return is_named ? RawUploads::accepted : RawUploads::refused;
}

bool is_form(const Exchange& exchange) {
  const Result<MediaType> type = parse_media_type(exchange.head.find("content-type").value_or(""));
  return type && type->essence.starts_with("multipart/");
}

/// What the head alone tells about an upload that would be welcome.
Refusal refuse_by_head(const Exchange& exchange) {
  const CoreServices& services = exchange.services;
  const std::uint64_t bytes_max = services.settings.partner_bytes_max;
  const std::uint64_t form_bytes_max = is_form(exchange) ? kPartnerFormBytesMax : 0;
  if (exchange.body.declared_bytes().value_or(0) > bytes_max + form_bytes_max)
    return refuse_size(bytes_max);
  if (services.space_is_short.load(std::memory_order_relaxed))
    return refuse_partner(Errc::no_space);
  return {};
}

Response refuse_upload(const Error& error, std::uint64_t bytes_max) {
  if (error.code == Errc::too_large) return refuse_size(bytes_max);
  if (error.code == Errc::unsupported_media)
    return refuse_argument("The request must be multipart/form-data");  // X9
  return refuse_partner(error.code);
}

/// The one value of a field or parameter; a second one is ambiguous, and refused.
Refusal take(std::optional<std::string>& into, std::string_view name, std::string_view value) {
  if (into) return refuse_argument(fmt::format("{} is given twice", name));
  into = std::string(value);
  return {};
}

Refusal take_field(Fields& fields, std::string_view name, std::string_view value) {
  if (name == "name") return take(fields.name, name, value);
  if (name == "assetType") return take(fields.type, name, value);
  return {};
}

Refusal take_fields(const Exchange& exchange, const Upload& upload, Fields& fields) {
  for (const TextField& field : upload.fields)
    if (Refusal refused = take_field(fields, field.name, field.value)) return refused;
  if (is_form(exchange)) return {};
  for (const QueryParameter& parameter : exchange.query.all())
    if (Refusal refused = take_field(fields, parameter.name, parameter.value)) return refused;
  return {};
}

Refusal check_file(const Upload& upload) {
  if (!upload.file) return refuse_argument("file is required");
  if (upload.file->size_bytes == 0) return refuse_argument("file is empty");
  return {};
}

/// An empty name is one that was left out: forms send it so [D].
Refusal check_name(const std::optional<std::string>& name) {
  if (!name) return {};
  if (!valid_utf8(*name) || name->find('\0') != name->npos)
    return refuse_argument("name is not valid text");
  if (code_points(*name) > kPartnerNameMax)
    return refuse_argument(
        fmt::format("name is too long (maximum is {} characters)", kPartnerNameMax));
  return {};
}

/// Fills in what the file and its fields say about the asset, or says what is wrong with them.
Refusal describe_asset(ReceivedFile& file, Fields& fields, PartnerAssetRecord& asset) {
  if (Refusal refused = check_name(fields.name)) return refused;
  const bool is_named = fields.name && !fields.name->empty();
  asset.filename = file.filename;
  asset.name = is_named ? *std::move(fields.name) : file.filename;
  const std::string_view content = as_text(file.content().value_or(Bytes()));
  asset.media_type = partner_media_type({.sniffed = file.sniffed,
                                         .declared_type = file.declared_type,
                                         .filename = asset.filename,
                                         .name = asset.name,
                                         .beginning = content.substr(0, kKmlSearchBytes)});
  asset.type = default_asset_type(asset.media_type);
  if (fields.type) {
    const auto type = parse_partner_asset_type(*fields.type);
    if (!type) return refuse_argument("assetType must be one of Photo, Document, Kml");
    asset.type = *type;
  }
  const bool is_image = image_type_of(asset.media_type) != SniffedType::unknown;
  if (asset.type == PartnerAssetType::photo && !is_image)
    return refuse_argument("file is not an image, but assetType is Photo");
  asset.extension = partner_extension(asset.media_type, asset.name);
  if (asset.name.empty()) asset.name = partner_key(asset);
  return {};
}

void render_later(CoreServices& services, const PartnerAssetRecord& asset) {
  if (asset.type != PartnerAssetType::photo) return;
  std::array<RenditionSpec, kPartnerVariants.size()> specs;
  std::ranges::transform(kPartnerVariants, specs.begin(), [](const PartnerVariantRow& row) {
    return RenditionSpec{.width_max = row.side_max, .height_max = row.side_max};
  });
  make_renditions_later(services, asset.blob, image_type_of(asset.media_type), specs);
}

Task<Response> upload_asset(Exchange& exchange, PartnerAccess access) {
  Refusal refused = refuse_by_head(exchange);
  if (refused) co_return *std::move(refused);

  CoreServices& services = exchange.services;
  const std::uint64_t bytes_max = services.settings.partner_bytes_max;
  const UploadRules rules{.file_field = "file",
                          .raw = raw_uploads_of(exchange),
                          .file_bytes_max = bytes_max,
                          .body_bytes_max = bytes_max + kPartnerFormBytesMax};
  Upload upload;
  Status received = co_await receive_upload(exchange, rules, upload);
  if (!received) co_return refuse_upload(received.error(), bytes_max);

  PartnerAssetRecord asset;
  asset.id = new_partner_id();
  asset.company_id = company_of(exchange);
  asset.access = access;
  Fields fields;
  refused = check_file(upload);
  if (!refused) refused = take_fields(exchange, upload, fields);
  if (!refused) refused = describe_asset(*upload.file, fields, asset);
  if (refused) {
    if (upload.file) co_await drop_received(*upload.file);
    co_return *std::move(refused);
  }
  asset.created_ms = asset.modified_ms = wall_ms();

  PutPartnerAsset mutation(std::move(asset));
  Status stored = co_await store_file(services, *upload.file, mutation);
  if (!stored) co_return refuse_partner(stored.error().code);
  render_later(services, mutation.asset);
  co_return json_response(kPartnerStatus,
                          partner_asset_body(mutation.asset, base_url_of(exchange)));
}

}  // namespace

Task<Response> handle_post_private_asset(Exchange& exchange) {
  co_return co_await upload_asset(exchange, PartnerAccess::secured);
}

Task<Response> handle_post_public_asset(Exchange& exchange) {
  co_return co_await upload_asset(exchange, PartnerAccess::open);
}

}  // namespace mooring
