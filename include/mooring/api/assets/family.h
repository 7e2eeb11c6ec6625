// The assets family: the tree that pictures and documents hang on (contract 1.3).
//
//   POST   /assets                       create                                         201
//   GET    /assets/tree?view=            every tree of an organization                  200
//   GET    /assets/{assetId}             read                                           200
//   PATCH  /assets/{assetId}             change; parentId moves it                      200
//   DELETE /assets/{assetId}?recursive=  remove, with its picture                       204
//   POST   /assets/{parentId}/sort       give its children an order                     200
//   POST   /assets/{assetId}/activate    make it and all below it active                200
// each under /api/asset/v1 and under /v1.
//
// The contract knows these routes but prints none of their statuses: those above are constants of
// src/api/assets/handlers.h [D]. A 2xx to a change means that it is on stable storage (vow V1). Who
// may do what: rule P12 (sweetconnect.h); a change of a whole subtree needs the right to each asset
// in it.
#pragma once

#include "mooring/api/route.h"

namespace mooring {

extern const ResourceFamily kAssetsFamily;

}  // namespace mooring
