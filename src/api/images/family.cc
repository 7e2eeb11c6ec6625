#include "mooring/api/images/family.h"

#include "image_handlers.h"
#include "mooring/api/images/inventorum.h"

namespace mooring {
namespace {

// The scope is asked for after the version (I20): admit_image_caller.
constexpr Policy kWho = Policy::verified(Caller::bearer);

constexpr Route kRoutes[] = {
    {Method::post, "/api/images", kWho, handle_post_image},
    {Method::get, "/api/images", kWho, handle_list_images},
    {Method::get, "/api/images/{id}", kWho, handle_get_image},
    {Method::del, "/api/images/{id}", kWho, handle_delete_image},
    {Method::post, "/images", kWho, handle_post_image},
    {Method::get, "/images", kWho, handle_list_images},
    {Method::get, "/images/{id}", kWho, handle_get_image},
    {Method::del, "/images/{id}", kWho, handle_delete_image},
    {Method::get, "/uploads/{number}/{type}/{file}", kPublic, handle_get_upload},
    // Its callers come by Basic, which is no way to call anything else: the handler looks at it.
    {Method::post, "/api/auth/token", kPublic, handle_post_token},
};

}  // namespace

constinit const ResourceFamily kImagesFamily{"images", kRoutes, kInventorumEnvelope};

}  // namespace mooring
