#include "mooring/api/assets/family.h"

#include "asset_handlers.h"

namespace mooring {
namespace {

constexpr Policy kWho = kSweetConnect;

constexpr Route kRoutes[] = {
    {Method::post, "/api/asset/v1/assets", kWho, handle_create_asset},
    {Method::get, "/api/asset/v1/assets/tree", kWho, handle_get_asset_tree},
    {Method::get, "/api/asset/v1/assets/{assetId}", kWho, handle_get_asset},
    {Method::patch, "/api/asset/v1/assets/{assetId}", kWho, handle_patch_asset},
    {Method::del, "/api/asset/v1/assets/{assetId}", kWho, handle_delete_asset},
    {Method::post, "/api/asset/v1/assets/{parentId}/sort", kWho, handle_sort_assets},
    {Method::post, "/api/asset/v1/assets/{assetId}/activate", kWho, handle_activate_asset},
    {Method::post, "/v1/assets", kWho, handle_create_asset},
    {Method::get, "/v1/assets/tree", kWho, handle_get_asset_tree},
    {Method::get, "/v1/assets/{assetId}", kWho, handle_get_asset},
    {Method::patch, "/v1/assets/{assetId}", kWho, handle_patch_asset},
    {Method::del, "/v1/assets/{assetId}", kWho, handle_delete_asset},
    {Method::post, "/v1/assets/{parentId}/sort", kWho, handle_sort_assets},
    {Method::post, "/v1/assets/{assetId}/activate", kWho, handle_activate_asset},
};

}  // namespace

constinit const ResourceFamily kAssetsFamily{"assets", kRoutes, kSweetConnectEnvelope};

}  // namespace mooring
