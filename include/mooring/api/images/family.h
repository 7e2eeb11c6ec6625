// The images family: photos for products, accounts, users and categories, with renditions of fixed
// sizes at public addresses (contract 3, rules I1 to I20).
//
//   POST   /images                             upload                                         200
//   GET    /images?page&limit                  those of the caller's organization             200
//   GET    /images/{id}                        one of them                                    200
//   DELETE /images/{id}                        gone, with its public addresses                204
//   GET    /uploads/{number}/{type}/{file}     the bytes: original or a rendition             200,
//                                                                                       206, 304
//   POST   /api/auth/token                     a new access token for a refresh token         200
// The first four also under /api. X-Api-Version selects how an image is named and numbered (I1-I6).
//
// Order of the checks (I20): route, 401, version, scope, the resource, the head's limits, the body.
// A 200 to an upload means that record and bytes are on stable storage (vow V1).
#pragma once

#include "mooring/api/route.h"

namespace mooring {

extern const ResourceFamily kImagesFamily;

}  // namespace mooring
