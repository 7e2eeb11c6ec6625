// The documents family: files that any number of assets share, found among millions (contract 1.2
// and 1.3, rules D1 to D24).
//
//   GET    /documents                                the page that a query asks for            200
//   GET    /documents/{fileId}                       what is known of one                      200
//   GET    /documents/{fileId}/preview, /download    its bytes (X10); a download is never shown
//   PATCH  /documents/{fileId}                       fields, file, or both                     200
//   DELETE /documents/{fileId}                       linked to several assets: 409             204
//   POST   /documents/{fileId}/supplier/new          {supplierName}: it is a supplier's now    201
//   POST   /documents/assets/{assetId}               upload                                    201
//   PUT    /documents/assets/{assetId}               the same: for clients that send the file alone
//   POST   /documents/assets/zip/{assetId}           upload of all files in an archive         201
//   PATCH  /documents/assets/{fileId}                {assetIds}: all its links from now on     200
//   POST   /documents/assets/{fileId}/{assetId}/{assetOrganizationId}  link                    201
//   DELETE /documents/assets/{fileId}/{assetId}      unlink; the last one removes it           204
//   GET    /categories, /categories/{categoryId}                                               200
//   PUT    /categories/{categoryId}                  new, or in place of the present one       200
//   DELETE /categories/{categoryId}                  in use: 409                               204
// each under /api/storage/v1 and under /v1. The last two are for admins alone.
//
// Content that the organization has already is not stored a second time: an upload of it links the
// document that is there and answers 200 with the vendor's warning. A 2xx to a change means that
// records, index and bytes are on stable storage (vow V1), and a query that begins after it sees
// it.
#pragma once

#include "mooring/api/route.h"

namespace mooring {

extern const ResourceFamily kDocumentsFamily;

}  // namespace mooring
