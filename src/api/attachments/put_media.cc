#include <atomic>
#include <optional>
#include <utility>

#include "attachment_handlers.h"
#include "mooring/api/attachments/media_kind.h"
#include "mooring/api/store.h"
#include "mooring/api/upload.h"
#include "mooring/base/check.h"
#include "mooring/base/clock.h"

namespace mooring {
namespace {

constexpr std::string_view kFileField = "file";
constexpr std::string_view kMissingFile = "Missing parameter file";
constexpr std::string_view kFileTooLarge = "File is too large";

/// What a form may add to the largest file.
constexpr std::uint64_t kFormBytesMax = 64_KiB;

// The vendor pulls content by URL. We do not fetch what a client names: it could reach what only
// this machine can reach [D].
constexpr int kNoFetchStatus = 422;
constexpr std::string_view kNoFetch = "file_url is not fetched here: send the file itself";

/// Writes the content of a received file into its asset, which is looked for once more where
/// nothing can come between.
class PutContent final : public StoreMutation {
 public:
  PutContent(const PocketId& asset, PocketContent content)
      : asset_(asset), content_(std::move(content)) {}

  Status apply_records(Transaction& transaction, const StoredContent& stored) override {
    const auto before = find_pocket_asset(transaction, asset_);
    if (!before) return std::unexpected(before.error());
    replaced = *before && (*before)->content;
    PocketContent content = content_;
    content.blob = stored.id;
    content.size_bytes = stored.record.size_bytes;
    const auto asset = put_pocket_content(transaction, asset_, content, wall_ms());
    if (!asset) return std::unexpected(asset.error());
    return {};
  }

  bool replaced = false;  ///< once stored: whether something may be collected now

 private:
  PocketId asset_;
  PocketContent content_;
};

std::optional<Response> refuse_by_head(const Exchange& exchange) {
  const CoreServices& services = exchange.services;
  const std::uint64_t declared_bytes = exchange.body.declared_bytes().value_or(0);
  if (declared_bytes > services.settings.attachment_bytes_max + kFormBytesMax)
    return pocket_error(413, kFileTooLarge);
  if (services.space_is_short.load(std::memory_order_relaxed))
    return refuse_pocket(Error{Errc::no_space});
  return {};
}

PocketContent content_of(const ReceivedFile& file) {
  MediaKind kind = media_kind_of(file.sniffed, file.filename, file.declared_type);
  MOORING_CHECK(file.md5.has_value(), "the rules ask for it");
  return {.media_id = new_pocket_id(),
          .media = kind.media,
          .filename = content_filename(file.filename, file.sniffed),
          .mime_type = std::move(kind.mime_type),
          .md5 = *file.md5};
}

/// A raw body without a byte is no file; a form may well hold an empty one [D].
bool is_missing(const Exchange& exchange, const Upload& upload) {
  if (!upload.file) return true;
  const auto type = exchange.head.find("Content-Type");
  const bool is_form =
      type && type->size() >= 10 && equal_ignoring_case(type->substr(0, 10), "multipart/");
  return !is_form && upload.file->size_bytes == 0;
}

Task<Response> receive_media(Exchange& exchange, const PocketAsset& asset) {
  std::optional<Response> refused = refuse_by_head(exchange);
  if (refused) co_return *std::move(refused);
  const std::uint64_t file_bytes_max = exchange.services.settings.attachment_bytes_max;
  const UploadRules rules{.file_field = kFileField,
                          .raw = RawUploads::accepted,
                          .wants_md5 = true,
                          .file_bytes_max = file_bytes_max,
                          .body_bytes_max = file_bytes_max + kFormBytesMax};
  Upload upload;
  Status received = co_await receive_upload(exchange, rules, upload);
  if (!received && received.error().code == Errc::too_large)
    co_return pocket_error(413, kFileTooLarge);
  if (!received) co_return refuse_pocket(received.error());
  if (is_missing(exchange, upload)) {
    if (upload.file) co_await drop_received(*upload.file);
    co_return pocket_error(422, kMissingFile);
  }
  PutContent mutation(asset.id, content_of(*upload.file));
  Status stored = co_await store_file(exchange.services, *upload.file, mutation);
  if (!stored) co_return refuse_pocket(stored.error(), kAssetNotFound);
  if (mutation.replaced) collect_later(exchange.services);
  co_return json_response(kPocketSuccess, std::string(kPocketDone));
}

}  // namespace

Task<Response> handle_put_media(Exchange& exchange) {
  Result<PocketAsset> asset = co_await asset_in_path(exchange);
  if (!asset) co_return refuse_pocket(asset.error(), kAssetNotFound);
  co_return co_await receive_media(exchange, *asset);
}

// A POST of JSON or of a form of words is the vendor's {file_url, filename}; any other is the file.
Task<Response> handle_post_media(Exchange& exchange) {
  Result<PocketAsset> asset = co_await asset_in_path(exchange);
  if (!asset) co_return refuse_pocket(asset.error(), kAssetNotFound);
  const auto content_type = exchange.head.find("Content-Type");
  if (!content_type || !has_parameters(content_type))
    co_return co_await receive_media(exchange, *asset);
  OrResponse<std::string> url = co_await read_body(exchange, parse_media_url);
  if (!url) co_return std::move(url.error());
  co_return pocket_error(kNoFetchStatus, kNoFetch);
}

}  // namespace mooring
