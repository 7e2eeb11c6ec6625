#include <utility>

#include "mooring/api/download.h"
#include "mooring/api/pictures/picture_rules.h"
#include "mooring/catalog/reader.h"
#include "picture_handlers.h"

namespace mooring {
namespace {

/// A picture is for its organization only, and may be replaced: a browser keeps it, and asks each
/// time whether its ETag still holds [D].
constexpr std::string_view kPreviewCacheControl = "private, no-cache";

Result<AssetPicture> find_asset_picture(const View& view, const Uuid& asset_id) {
  Result<AssetRecord> asset = get_asset(view, asset_id);
  if (!asset) return std::unexpected(asset.error());
  auto picture = find_picture(view, asset_id);
  if (!picture) return std::unexpected(picture.error());
  return AssetPicture{*std::move(asset), *std::move(picture)};
}

}  // namespace

Task<Result<AssetPicture>> picture_of_path(Exchange& exchange,
                                           std::optional<std::string_view> path_organization) {
  const std::optional<Uuid> asset_id = parse_uuid(segment_after_prefix(exchange.path, 2));
  if (!asset_id) co_return fail(Errc::not_found, "asset id that is no UUID");
  Result<AssetPicture> found = co_await exchange.services.reader.read(
      [id = *asset_id](const View& view) { return find_asset_picture(view, id); });
  if (!found) co_return found;
  const Identity& caller = caller_of(exchange);
  const Status allowed = path_organization
                             ? check_ownership(caller, found->asset, *path_organization)
                             : check_ownership(caller, found->asset);
  if (!allowed) co_return std::unexpected(allowed.error());
  co_return found;
}

Task<Response> handle_get_picture(Exchange& exchange) {
  Result<AssetPicture> found = co_await picture_of_path(exchange);
  if (!found) co_return refuse(found.error());
  if (!found->picture) co_return refuse(Errc::not_found);
  co_return json_response(kPictureReadStatus, picture_body(*found->picture));
}

Task<Response> handle_get_picture_preview(Exchange& exchange) {
  Result<AssetPicture> found = co_await picture_of_path(exchange);
  if (!found) co_return refuse(found.error());
  if (!found->picture) co_return refuse(Errc::not_found);
  const PictureRecord& picture = *found->picture;
  Result<Response> content =
      co_await serve_content(exchange, {.blob = picture.blob,
                                        .media_type = picture.mimetype,
                                        .filename = picture.filename,
                                        .modified_ms = picture.updated_ms,
                                        .cache_control = kPreviewCacheControl});
  if (!content) co_return refuse(content.error());
  co_return *std::move(content);
}

}  // namespace mooring
