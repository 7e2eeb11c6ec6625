// The attachments family: Media Pocket's assets, their attachments, projects and contents
// (contract 4, rules M1 to M16), all below /api/v2.
//
//   GET  POST         /assets/{id}/attachments      list, create                          200
//   GET  POST         /projects/{id}/attachments    list, create                          200
//   POST              /assets                       create                                200
//   GET  PUT  DELETE  /assets/{id}                  read, change, remove with attachments 200
//   POST              /assets/{id}/trash_bin        into the trash; purged after 14 days  200
//   POST              /assets/{id}/restore          out of it                             200
//   POST              /projects                     create                                200
//   GET  DELETE       /projects/{id}                read, remove with all it holds        200
//   POST              /projects/{id}/projects       a project in it                       200
//   POST              /projects/{id}/assets         an asset in it                        200
//   POST PUT          /assets/{id}/media            content: a form, or the bytes alone   200
//   GET  DELETE       /assets/{id}/media            what there is; remove it              200
//   GET               /assets/{id}/media/{mediaId}  the bytes (rule X10)        200, 206, 304
//   GET               /assets/{id}/media/{mediaId}/download_url                           200
//   GET  POST         /user/api_keys                list, make                            200
//   DELETE            /user/api_keys/{id}           revoke                                200
//
// Any valid key may see and change everything: one tenant (M15). A 2xx to a change means that it is
// on stable storage (vow V1). The order of the checks is M1: 401, 404, 422, 400.
#pragma once

#include "mooring/api/route.h"

namespace mooring {

extern const ResourceFamily kAttachmentsFamily;

}  // namespace mooring
