// The handlers of the assets family, one per route (assets/family.h), and the statuses of their
// successes, which no source gives [D].
//
// Each runs on the connection's core, checks in the order of rule X2 and answers every error in the
// SweetConnect envelope.
#pragma once

#include "mooring/api/sweetconnect.h"

namespace mooring {

inline constexpr int kAssetCreatedStatus = 201;    ///< what NestJS answers to a POST, as P1
inline constexpr int kAssetReadStatus = 200;       ///< also of the tree
inline constexpr int kAssetChangedStatus = 200;    ///< also if there was nothing to change
inline constexpr int kAssetsSortedStatus = 200;    ///< the body is the parent
inline constexpr int kAssetActivatedStatus = 200;  ///< the body is the asset
inline constexpr int kAssetRemovedStatus = 204;

[[nodiscard]] Task<Response> handle_get_asset(Exchange& exchange);
[[nodiscard]] Task<Response> handle_get_asset_tree(Exchange& exchange);
[[nodiscard]] Task<Response> handle_create_asset(Exchange& exchange);
[[nodiscard]] Task<Response> handle_patch_asset(Exchange& exchange);
[[nodiscard]] Task<Response> handle_delete_asset(Exchange& exchange);
[[nodiscard]] Task<Response> handle_sort_assets(Exchange& exchange);
[[nodiscard]] Task<Response> handle_activate_asset(Exchange& exchange);

/// The asset in the path, {assetId} or {parentId}: 404, then 403.
[[nodiscard]] inline Task<Result<AssetRecord>> asset_of_path(Exchange& exchange) {
  return owned_asset(exchange, segment_after_prefix(exchange.path, 1));
}

}  // namespace mooring
