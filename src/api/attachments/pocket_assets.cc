#include <utility>

#include "attachment_handlers.h"
#include "mooring/api/attachments/pocket_json.h"
#include "mooring/api/json_body.h"
#include "mooring/api/store.h"
#include "mooring/base/clock.h"
#include "mooring/catalog/reader.h"

namespace mooring {
namespace {

/// What each use of the trash clears of what is old in it.
constexpr std::size_t kPurgedAtOnceMax = 64;

struct TrashedAsset {
  PocketAsset asset;
  std::size_t purged = 0;
};

Result<TrashedAsset> purge_and_trash(Transaction& transaction, const PocketId& id,
                                     std::int64_t now_ms) {
  const auto purged = purge_pocket_trash(transaction, now_ms, kPurgedAtOnceMax);
  if (!purged) return std::unexpected(purged.error());
  auto asset = trash_pocket_asset(transaction, id, now_ms);
  if (!asset) return std::unexpected(asset.error());
  return TrashedAsset{*std::move(asset), *purged};
}

}  // namespace

Task<OrResponse<JsonValue>> read_parameters(Exchange& exchange) {
  const auto content_type = exchange.head.find("Content-Type");
  if (!has_parameters(content_type)) co_return JsonValue();
  Result<std::string> text =
      co_await read_text_body(exchange.body, exchange.services.settings.json_bytes_max);
  if (!text) co_return std::unexpected(refuse_pocket(text.error()));
  Accepted<JsonValue> body = parse_parameters(content_type, *text);
  if (!body) co_return std::unexpected(pocket_error(body.error().status, body.error().text));
  co_return *std::move(body);
}

Task<Response> create_asset_at(Exchange& exchange, NewPocketAsset asset, PocketPlace place,
                               PocketId holder) {
  const std::int64_t now_ms = wall_ms();
  PocketAsset made{.id = new_pocket_id(),
                   .place = place,
                   .holder = holder,
                   .owner = key_owner(exchange),
                   .text = std::move(asset.text),
                   .kind = asset.kind,
                   .created_ms = now_ms,
                   .modified_ms = now_ms};
  auto change = pocket_change<PocketAsset>(
      [&made](Transaction& transaction) { return create_pocket_asset(transaction, made); });
  Status committed = co_await exchange.services.writer.commit(exchange.services.core, change);
  if (!committed) {
    const bool in_asset = place == PocketPlace::asset_attachment;
    co_return refuse_pocket(committed.error(), in_asset ? kAssetNotFound : kProjectNotFound);
  }
  co_return json_response(kPocketSuccess, pocket_asset_body(change.record));
}

Task<Response> handle_create_pocket_asset(Exchange& exchange) {
  OrResponse<NewPocketAsset> body = co_await read_body(exchange, parse_new_pocket_asset);
  if (!body) co_return std::move(body.error());
  co_return co_await create_asset_at(exchange, *std::move(body), PocketPlace::root, PocketId{});
}

// An asset in the trash can be looked at: else nobody could see its `deleted` [D].
Task<Response> handle_get_pocket_asset(Exchange& exchange) {
  Result<PocketAsset> asset = co_await asset_in_path(exchange, Trashed::shown);
  if (!asset) co_return refuse_pocket(asset.error(), kAssetNotFound);
  co_return json_response(kPocketSuccess, pocket_asset_body(*asset));
}

Task<Response> handle_put_pocket_asset(Exchange& exchange) {
  Result<PocketAsset> asset = co_await asset_in_path(exchange);
  if (!asset) co_return refuse_pocket(asset.error(), kAssetNotFound);
  OrResponse<PocketPatch> patch = co_await read_body(exchange, parse_pocket_patch);
  if (!patch) co_return std::move(patch.error());
  auto change = pocket_change<PocketAsset>([&](Transaction& transaction) {
    return update_pocket_asset(transaction, asset->id, *patch, wall_ms());
  });
  Status committed = co_await exchange.services.writer.commit(exchange.services.core, change);
  if (!committed) co_return refuse_pocket(committed.error(), kAssetNotFound);
  co_return json_response(kPocketSuccess, pocket_asset_body(change.record));
}

Task<Response> handle_delete_pocket_asset(Exchange& exchange) {
  Result<PocketAsset> asset = co_await asset_in_path(exchange, Trashed::shown);
  if (!asset) co_return refuse_pocket(asset.error(), kAssetNotFound);
  auto change = pocket_change<PocketAsset>([&](Transaction& transaction) -> Result<PocketAsset> {
    const Status removed = remove_pocket_asset(transaction, asset->id, wall_ms());
    if (!removed) return std::unexpected(removed.error());
    return *asset;
  });
  Status committed = co_await exchange.services.writer.commit(exchange.services.core, change);
  if (!committed) co_return refuse_pocket(committed.error(), kAssetNotFound);
  collect_later(exchange.services);
  co_return json_response(kPocketSuccess, std::string(kPocketDone));
}

Task<Response> handle_trash_pocket_asset(Exchange& exchange) {
  Result<PocketAsset> asset = co_await asset_in_path(exchange, Trashed::shown);
  if (!asset) co_return refuse_pocket(asset.error(), kAssetNotFound);
  auto change = pocket_change<TrashedAsset>(
      [&](Transaction& transaction) { return purge_and_trash(transaction, asset->id, wall_ms()); });
  Status committed = co_await exchange.services.writer.commit(exchange.services.core, change);
  if (!committed) co_return refuse_pocket(committed.error(), kAssetNotFound);
  if (change.record.purged > 0) collect_later(exchange.services);
  co_return json_response(kPocketSuccess, pocket_asset_body(change.record.asset));
}

Task<Response> handle_restore_pocket_asset(Exchange& exchange) {
  Result<PocketAsset> asset = co_await asset_in_path(exchange, Trashed::shown);
  if (!asset) co_return refuse_pocket(asset.error(), kAssetNotFound);
  auto change = pocket_change<PocketAsset>(
      [&](Transaction& transaction) { return restore_pocket_asset(transaction, asset->id); });
  Status committed = co_await exchange.services.writer.commit(exchange.services.core, change);
  if (!committed) co_return refuse_pocket(committed.error(), kAssetNotFound);
  co_return json_response(kPocketSuccess, pocket_asset_body(change.record));
}

}  // namespace mooring
