#include <optional>
#include <utility>

#include "asset_handlers.h"
#include "mooring/api/assets/asset_json.h"
#include "mooring/api/store.h"
#include "mooring/base/clock.h"
#include "mooring/catalog/writer.h"
#include "mooring/http/request_head.h"

namespace mooring {
namespace {

/// P12 for all of a subtree, at the moment of the commit: a manufacturer must not reach what others
/// made through a machine of its own. Whoever owns the root's organization owns all below it.
Status may_change_subtree(const View& view, const Identity& caller, const Uuid& root) {
  const Result<AssetRecord> top = get_asset(view, root);
  if (!top) return std::unexpected(top.error());
  if (caller.has_role(Role::admin) || caller.organization == top->organization_id) return {};
  const auto assets = walk_subtree(view, root, kSubtreeAssetsMax);
  if (!assets) return std::unexpected(assets.error());
  for (const AssetRecord& asset : *assets)
    if (Status allowed = check_ownership(caller, asset); !allowed) return allowed;
  return {};
}

class ActivateSubtree final : public Mutation {
 public:
  ActivateSubtree(AssetRecord asset, const Identity& caller)
      : asset(std::move(asset)), caller_(caller) {}

  Status apply(Transaction& transaction) override {
    if (Status allowed = may_change_subtree(transaction, caller_, asset.id); !allowed)
      return allowed;
    Result<AssetRecord> active =
        activate_subtree(transaction, asset.id, {.now_ms = wall_ms(), .by = caller_.user});
    if (!active) return std::unexpected(active.error());
    asset = *std::move(active);
    return {};
  }

  AssetRecord asset;  ///< once committed, as it is now

 private:
  const Identity& caller_;
};

class RemoveAssets final : public Mutation {
 public:
  RemoveAssets(const Uuid& id, RemovalDepth depth, const Identity& caller)
      : id_(id), depth_(depth), caller_(caller) {}

  Status apply(Transaction& transaction) override {
    if (Status allowed = may_change_subtree(transaction, caller_, id_); !allowed) return allowed;
    Result<RemovedAssets> taken = remove_asset(transaction, id_, depth_, wall_ms());
    if (!taken) return std::unexpected(taken.error());
    removed = *std::move(taken);
    return {};
  }

  RemovedAssets removed;

 private:
  Uuid id_;
  RemovalDepth depth_;
  const Identity& caller_;
};

/// ?recursive=true|false, in any case of letters; absent: false. Empty if it is anything else.
std::optional<RemovalDepth> removal_depth(const QueryParameters& query) {
  if (query.count("recursive") > 1) return {};
  const std::string_view stated = query.find("recursive").value_or("false");
  if (equal_ignoring_case(stated, "true")) return RemovalDepth::subtree;
  if (equal_ignoring_case(stated, "false")) return RemovalDepth::only_leaf;
  return {};
}

}  // namespace

// A body, if there is one, is not looked at.
Task<Response> handle_activate_asset(Exchange& exchange) {
  Result<AssetRecord> asset = co_await asset_of_path(exchange);
  if (!asset) co_return refuse(asset.error());
  ActivateSubtree mutation(*std::move(asset), caller_of(exchange));
  CoreServices& services = exchange.services;
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed) co_return refuse(committed.error());
  co_return json_response(kAssetActivatedStatus, asset_body(mutation.asset));
}

Task<Response> handle_delete_asset(Exchange& exchange) {
  Result<AssetRecord> asset = co_await asset_of_path(exchange);
  if (!asset) co_return refuse(asset.error());
  const std::optional<RemovalDepth> depth = removal_depth(exchange.query);
  if (!depth) co_return refuse_field("recursive");
  RemoveAssets mutation(asset->id, *depth, caller_of(exchange));
  CoreServices& services = exchange.services;
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed) co_return refuse(committed.error());
  if (!mutation.removed.pictures.empty() || !mutation.removed.documents.empty())
    collect_later(services);
  co_return empty_response(kAssetRemovedStatus);
}

}  // namespace mooring
