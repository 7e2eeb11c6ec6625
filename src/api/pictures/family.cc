#include "mooring/api/pictures/family.h"

#include "picture_handlers.h"

namespace mooring {
namespace {

constexpr Policy kWho = kSweetConnect;

constexpr Route kRoutes[] = {
    {Method::post, "/api/storage/v1/pictures/asset/{assetId}/{organizationId}", kWho,
     handle_post_picture},
    {Method::get, "/api/storage/v1/pictures/asset/{assetId}", kWho, handle_get_picture},
    {Method::get, "/api/storage/v1/pictures/asset/{assetId}/preview", kWho,
     handle_get_picture_preview},
    {Method::patch, "/api/storage/v1/pictures/asset/{assetId}", kWho, handle_patch_picture},
    {Method::del, "/api/storage/v1/pictures/asset/{assetId}", kWho, handle_delete_picture},
    {Method::post, "/v1/pictures/asset/{assetId}/{organizationId}", kWho, handle_post_picture},
    {Method::get, "/v1/pictures/asset/{assetId}", kWho, handle_get_picture},
    {Method::get, "/v1/pictures/asset/{assetId}/preview", kWho, handle_get_picture_preview},
    {Method::patch, "/v1/pictures/asset/{assetId}", kWho, handle_patch_picture},
    {Method::del, "/v1/pictures/asset/{assetId}", kWho, handle_delete_picture},
};

}  // namespace

constinit const ResourceFamily kPicturesFamily{"pictures", kRoutes, kSweetConnectEnvelope};

}  // namespace mooring
