#include <fmt/format.h>

#include <utility>

#include "attachment_handlers.h"
#include "mooring/api/attachments/pocket_json.h"
#include "mooring/api/base_url.h"
#include "mooring/api/download.h"
#include "mooring/api/store.h"
#include "mooring/base/clock.h"

namespace mooring {
namespace {

constexpr std::size_t kMediaIdSegment = 5;  // of /api/v2/assets/{id}/media/{mediaId}
/// Content needs a key, and its URL is its own: replaced content gets another [D].
constexpr std::string_view kMediaCacheControl = "private, no-cache";
constexpr std::string_view kNoMedia = "No media found on this asset.";
constexpr int kNoMediaStatus = 400;  // inside a 200: the vendor's own example

std::string download_url(const Exchange& exchange, const PocketAsset& asset) {
  if (!asset.content) return {};
  return fmt::format("{}/api/v2/assets/{}/media/{}", base_url_of(exchange), asset.id.view(),
                     asset.content->media_id.view());
}

/// The asset in the path whose content is the one in the path; else the answer.
Task<OrResponse<PocketAsset>> media_in_path(Exchange& exchange) {
  Result<PocketAsset> asset = co_await asset_in_path(exchange);
  if (!asset) co_return std::unexpected(refuse_pocket(asset.error(), kAssetNotFound));
  if (!asset->content || asset->content->media_id.view() != exchange.segment(kMediaIdSegment))
    co_return std::unexpected(pocket_error(404, kMediaNotFound));
  co_return *std::move(asset);
}

}  // namespace

Task<Response> handle_list_media(Exchange& exchange) {
  Result<PocketAsset> asset = co_await asset_in_path(exchange);
  if (!asset) co_return refuse_pocket(asset.error(), kAssetNotFound);
  co_return json_response(kPocketSuccess, media_body(*asset, download_url(exchange, *asset)));
}

Task<Response> handle_get_download_url(Exchange& exchange) {
  OrResponse<PocketAsset> asset = co_await media_in_path(exchange);
  if (!asset) co_return std::move(asset.error());
  co_return json_response(kPocketSuccess,
                          pocket_word_body("download_url", download_url(exchange, *asset)));
}

Task<Response> handle_get_media(Exchange& exchange) {
  OrResponse<PocketAsset> asset = co_await media_in_path(exchange);
  if (!asset) co_return std::move(asset.error());
  const PocketContent& media = *asset->content;
  Result<Response> served = co_await serve_content(exchange, {.blob = media.blob,
                                                              .media_type = media.mime_type,
                                                              .filename = media.filename,
                                                              .modified_ms = asset->modified_ms,
                                                              .cache_control = kMediaCacheControl});
  if (!served) co_return refuse_pocket(served.error(), kMediaNotFound);
  co_return *std::move(served);
}

Task<Response> handle_delete_media(Exchange& exchange) {
  Result<PocketAsset> asset = co_await asset_in_path(exchange);
  if (!asset) co_return refuse_pocket(asset.error(), kAssetNotFound);
  auto change = pocket_change<ContentRemoval>([&](Transaction& transaction) {
    return remove_pocket_content(transaction, asset->id, wall_ms());
  });
  Status committed = co_await exchange.services.writer.commit(exchange.services.core, change);
  if (!committed) co_return refuse_pocket(committed.error(), kAssetNotFound);
  const ContentRemoval& removal = change.record;
  if (!removal.removed)
    co_return json_response(kPocketSuccess,
                            pocket_asset_body(removal.asset, kNoMedia, kNoMediaStatus));
  collect_later(exchange.services);
  co_return json_response(kPocketSuccess, pocket_asset_body(removal.asset));
}

}  // namespace mooring
