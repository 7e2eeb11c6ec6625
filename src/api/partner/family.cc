#include "mooring/api/partner/family.h"

#include "mooring/api/partner/envelope.h"
#include "partner_handlers.h"

namespace mooring {
namespace {

constexpr Route kRoutes[] = {
    {Method::post, "/api/v1/partner/asset/upload/private", kPartner, handle_post_private_asset},
    {Method::post, "/api/v1/partner/asset/upload/public", kPartner, handle_post_public_asset},
    {Method::get, "/api/v1/partner/asset", kPartner, handle_list_partner_assets},
    {Method::get, "/api/v1/partner/asset/{assetKey}", kPartnerOptional, handle_get_partner_asset},
    {Method::del, "/api/v1/partner/asset/{assetKey}", kPartner, handle_delete_partner_asset},
    {Method::get, "/api/v1/partner/asset/{assetKey}/metadata", kPartner,
     handle_get_partner_metadata},
};

}  // namespace

constinit const ResourceFamily kPartnerFamily{"partner", kRoutes, kPartnerEnvelope};

}  // namespace mooring
