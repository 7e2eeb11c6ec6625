#include <optional>
#include <utility>
#include <vector>

#include "asset_handlers.h"
#include "mooring/api/assets/asset_body.h"
#include "mooring/api/assets/asset_json.h"
#include "mooring/api/json_body.h"
#include "mooring/base/clock.h"
#include "mooring/catalog/writer.h"

namespace mooring {
namespace {

Response refuse_body(const BadField& bad) {
  return bad.name.empty() ? refuse(Errc::invalid) : refuse_field(bad.name);
}

/// The catalogue's word `invalid` is about the parent that a body names: it does not exist, or
/// belongs to another organization, which is not told apart.
Response refuse_change(const Error& error) {
  return error.code == Errc::invalid ? refuse_field("parentId") : refuse(error);
}

/// Only an admin may found an asset in another organization than the own [D].
bool may_create_in(const Identity& caller, std::string_view organization) {
  return caller.has_role(Role::admin) || caller.organization == organization;
}

class CreateAsset final : public Mutation {
 public:
  explicit CreateAsset(AssetRecord asset) : asset(std::move(asset)) {}

  Status apply(Transaction& transaction) override {
    Result<AssetRecord> created = create_asset(transaction, asset);
    if (!created) return std::unexpected(created.error());
    asset = *std::move(created);
    return {};
  }

  AssetRecord asset;  ///< once committed, with its position
};

class PatchAsset final : public Mutation {
 public:
  PatchAsset(AssetRecord asset, AssetPatch patch, ChangeStamp stamp)
      : asset(std::move(asset)), patch_(std::move(patch)), stamp_(std::move(stamp)) {}

  Status apply(Transaction& transaction) override {
    Result<AssetRecord> changed = update_asset(transaction, asset.id, patch_, stamp_);
    if (!changed) return std::unexpected(changed.error());
    asset = *std::move(changed);
    return {};
  }

  AssetRecord asset;  ///< once committed, as it is now

 private:
  AssetPatch patch_;
  ChangeStamp stamp_;
};

class SortAssets final : public Mutation {
 public:
  SortAssets(const Uuid& parent, std::vector<Uuid> sorted, ChangeStamp stamp)
      : parent_(parent), sorted_(std::move(sorted)), stamp_(std::move(stamp)) {}

  Status apply(Transaction& transaction) override {
    return sort_children(transaction, parent_, sorted_, stamp_);
  }

 private:
  Uuid parent_;
  std::vector<Uuid> sorted_;
  ChangeStamp stamp_;
};

}  // namespace

Task<Response> handle_create_asset(Exchange& exchange) {
  Result<JsonValue> body = co_await read_json_body(exchange);
  if (!body) co_return refuse(body.error());
  Checked<AssetRecord> asset = parse_asset_create(*body);
  if (!asset) co_return refuse_body(asset.error());

  const Identity& caller = caller_of(exchange);
  if (asset->organization_id.empty()) asset->organization_id = caller.organization;
  if (!may_create_in(caller, asset->organization_id)) co_return refuse(Errc::forbidden);
  asset->id = new_uuid();
  asset->created_ms = asset->updated_ms = wall_ms();
  asset->created_by = asset->updated_by = caller.user;

  CreateAsset mutation(*std::move(asset));
  CoreServices& services = exchange.services;
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed) co_return refuse_change(committed.error());
  co_return json_response(kAssetCreatedStatus, asset_body(mutation.asset));
}

Task<Response> handle_patch_asset(Exchange& exchange) {
  Result<AssetRecord> asset = co_await asset_of_path(exchange);
  if (!asset) co_return refuse(asset.error());
  Result<JsonValue> body = co_await read_json_body(exchange);
  if (!body) co_return refuse(body.error());
  Checked<AssetPatch> patch = parse_asset_patch(*body);
  if (!patch) co_return refuse_body(patch.error());
  // Nothing to change: the asset stays as it is, updatedAt included [D].
  if (!changes_anything(*patch, *asset))
    co_return json_response(kAssetChangedStatus, asset_body(*asset));

  PatchAsset mutation(*std::move(asset), *std::move(patch),
                      {.now_ms = wall_ms(), .by = caller_of(exchange).user});
  CoreServices& services = exchange.services;
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed) co_return refuse_change(committed.error());
  co_return json_response(kAssetChangedStatus, asset_body(mutation.asset));
}

Task<Response> handle_sort_assets(Exchange& exchange) {
  Result<AssetRecord> parent = co_await asset_of_path(exchange);
  if (!parent) co_return refuse(parent.error());
  Result<JsonValue> body = co_await read_json_body(exchange);
  if (!body) co_return refuse(body.error());
  Checked<std::vector<Uuid>> sorted = parse_sorted_children(*body);
  if (!sorted) co_return refuse_body(sorted.error());
  if (sorted->size() > kSubtreeAssetsMax) co_return refuse(Errc::unprocessable);

  SortAssets mutation(parent->id, *std::move(sorted),
                      {.now_ms = wall_ms(), .by = caller_of(exchange).user});
  CoreServices& services = exchange.services;
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed)
    co_return committed.error().code == Errc::invalid ? refuse_field("sortedChildIds")
                                                      : refuse(committed.error());
  co_return json_response(kAssetsSortedStatus, asset_body(*parent));
}

}  // namespace mooring
