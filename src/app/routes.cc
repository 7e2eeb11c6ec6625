// The route table: one line per family.
#include "mooring/api/assets/family.h"
#include "mooring/api/attachments/family.h"
#include "mooring/api/documents/family.h"
#include "mooring/api/images/family.h"
#include "mooring/api/partner/family.h"
#include "mooring/api/pictures/family.h"
#include "mooring/app/config.h"
#include "mooring/app/openapi.h"
#include "mooring/app/own_routes.h"

namespace mooring {

Router make_router(const Config& config) {
  Router router;
  router.add(kAssetsFamily);
  router.add(kAttachmentsFamily);
  router.add(kPicturesFamily);
  router.add(kDocumentsFamily);
  router.add(kPartnerFamily);
  router.add(kImagesFamily);
  router.add(kHealthFamily);
  router.add(kOpenApiFamily);
  if (config.server.metrics_listen.empty()) router.add(kMetricsFamily);
  if (config.server.debug_routes) router.add(kDebugFamily);
  return router;
}

Router make_own_router() {
  Router router;
  router.add(kHealthFamily);
  router.add(kMetricsFamily);
  return router;
}

}  // namespace mooring
