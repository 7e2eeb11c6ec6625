// The partner family: a company's files, public or private (contract 2, rules B1 to B6, G1 to G7).
//
//   POST   /asset/upload/private         store for the company only                       200
//   POST   /asset/upload/public          store for anyone who knows the key               200
//   GET    /asset                        a page of what the company has [D]               200
//   GET    /asset/{assetKey}             the bytes, or those of a smaller rendition       200, 206,
//                                        (rules B3, B4, X10)                              304
//   GET    /asset/{assetKey}/metadata    what an upload answered [D]                      200
//   DELETE /asset/{assetKey}             soft: its keys are unknown from now on [D]       200
//
// each under /api/v1/partner. Callers come by two keys (2.0), whose company is the organization of
// the identity; only the bytes of a public asset are open to anyone (G2).
//
// Beside a form an upload may be the file itself, if the head names it: in Content-Disposition or
// as ?filename=; `name` and `assetType` are then query parameters [D].
//
// A 2xx to a change means that record and bytes are on stable storage (vow V1).
#pragma once

#include "mooring/api/route.h"

namespace mooring {

extern const ResourceFamily kPartnerFamily;

}  // namespace mooring
