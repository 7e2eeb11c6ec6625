// The pictures family: at most one picture per asset (contract 1.1 and 1.3, rules P1 to P14).
//
//   POST   /pictures/asset/{assetId}/{organizationId}  upload                              201
//   GET    /pictures/asset/{assetId}                   its metadata                        200
//   GET    /pictures/asset/{assetId}/preview           its bytes (rule X10)                200,
//   206, 304 PATCH  /pictures/asset/{assetId}                   replace, or upload if there is none
//   200 DELETE /pictures/asset/{assetId}                   remove; none is well too            204
// each under /api/storage/v1 and under /v1.
//
// A 2xx to a change means that record and bytes are on stable storage (vow V1). Of two uploads that
// race, the writer lets one pass and the other meets its record: 409 (P3).
#pragma once

#include "mooring/api/route.h"

namespace mooring {

extern const ResourceFamily kPicturesFamily;

}  // namespace mooring
