#include "mooring/api/documents/family.h"

#include "document_handlers.h"

namespace mooring {
namespace {

constexpr Policy kWho = kSweetConnect;
constexpr Policy kAdmin = kSweetConnectAdmin;

#define MOORING_DOCUMENT_ROUTES(prefix)                                                           \
  {Method::get, prefix "/documents", kWho, handle_list_documents},                                \
      {Method::get, prefix "/documents/{fileId}", kWho, handle_get_document},                     \
      {Method::get, prefix "/documents/{fileId}/preview", kWho, handle_get_document_preview},     \
      {Method::get, prefix "/documents/{fileId}/download", kWho, handle_get_document_download},   \
      {Method::patch, prefix "/documents/{fileId}", kWho, handle_patch_document},                 \
      {Method::del, prefix "/documents/{fileId}", kWho, handle_delete_document},                  \
      {Method::post, prefix "/documents/{fileId}/supplier/new", kWho, handle_set_supplier},       \
      {Method::post, prefix "/documents/assets/{assetId}", kWho, handle_upload_document},         \
      {Method::put, prefix "/documents/assets/{assetId}", kWho, handle_upload_document},          \
      {Method::post, prefix "/documents/assets/zip/{assetId}", kWho, handle_upload_archive},      \
      {Method::patch, prefix "/documents/assets/{fileId}", kWho, handle_assign_document},         \
      {Method::post, prefix "/documents/assets/{fileId}/{assetId}/{assetOrganizationId}", kWho,   \
       handle_link_document},                                                                     \
      {Method::del, prefix "/documents/assets/{fileId}/{assetId}", kWho, handle_unlink_document}, \
      {Method::get, prefix "/categories", kWho, handle_list_categories},                          \
      {Method::get, prefix "/categories/{categoryId}", kWho, handle_get_category},                \
      {Method::put, prefix "/categories/{categoryId}", kAdmin, handle_put_category}, {            \
    Method::del, prefix "/categories/{categoryId}", kAdmin, handle_delete_category                \
  }

constexpr Route kRoutes[] = {
    MOORING_DOCUMENT_ROUTES("/api/storage/v1"),
    MOORING_DOCUMENT_ROUTES("/v1"),
};

}  // namespace

constinit const ResourceFamily kDocumentsFamily{"documents", kRoutes, kSweetConnectEnvelope};

}  // namespace mooring
