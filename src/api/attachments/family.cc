#include "mooring/api/attachments/family.h"

#include "attachment_handlers.h"

namespace mooring {
namespace {

constexpr Policy kWho = kAttachments;

constexpr Route kRoutes[] = {
    {Method::get, "/api/v2/assets/{id}/attachments", kWho, handle_list_asset_attachments},
    {Method::post, "/api/v2/assets/{id}/attachments", kWho, handle_attach_to_asset},
    {Method::get, "/api/v2/projects/{id}/attachments", kWho, handle_list_project_attachments},
    {Method::post, "/api/v2/projects/{id}/attachments", kWho, handle_attach_to_project},

    {Method::post, "/api/v2/assets", kWho, handle_create_pocket_asset},
    {Method::get, "/api/v2/assets/{id}", kWho, handle_get_pocket_asset},
    {Method::put, "/api/v2/assets/{id}", kWho, handle_put_pocket_asset},
    {Method::del, "/api/v2/assets/{id}", kWho, handle_delete_pocket_asset},
    {Method::post, "/api/v2/assets/{id}/trash_bin", kWho, handle_trash_pocket_asset},
    {Method::post, "/api/v2/assets/{id}/restore", kWho, handle_restore_pocket_asset},

    {Method::post, "/api/v2/projects", kWho, handle_create_pocket_project},
    {Method::get, "/api/v2/projects/{id}", kWho, handle_get_pocket_project},
    {Method::del, "/api/v2/projects/{id}", kWho, handle_delete_pocket_project},
    {Method::post, "/api/v2/projects/{id}/projects", kWho, handle_create_sub_project},
    {Method::post, "/api/v2/projects/{id}/assets", kWho, handle_create_project_asset},

    {Method::post, "/api/v2/assets/{id}/media", kWho, handle_post_media},
    {Method::put, "/api/v2/assets/{id}/media", kWho, handle_put_media},
    {Method::get, "/api/v2/assets/{id}/media", kWho, handle_list_media},
    {Method::del, "/api/v2/assets/{id}/media", kWho, handle_delete_media},
    {Method::get, "/api/v2/assets/{id}/media/{mediaId}", kWho, handle_get_media},
    {Method::get, "/api/v2/assets/{id}/media/{mediaId}/download_url", kWho,
     handle_get_download_url},

    {Method::get, "/api/v2/user/api_keys", kWho, handle_list_api_keys},
    {Method::post, "/api/v2/user/api_keys", kWho, handle_create_api_key},
    {Method::del, "/api/v2/user/api_keys/{id}", kWho, handle_delete_api_key},
};

}  // namespace

constinit const ResourceFamily kAttachmentsFamily{"attachments", kRoutes, kMediaPocketEnvelope};

}  // namespace mooring
