// Media Pocket: how its family refuses (rule X1: {"error":"text"}), and what its handlers ask of
// every request.
//
// A Response made here is complete. Everything is a pure function or reads the catalogue for one
// request; a core's thread.
#pragma once

#include <string>
#include <string_view>

#include "mooring/api/exchange.h"
#include "mooring/api/response.h"
#include "mooring/api/route.h"
#include "mooring/base/result.h"
#include "mooring/catalog/attachments.h"
#include "mooring/catalog/projects.h"
#include "mooring/core/task.h"

namespace mooring {

/// Below "/api/v2".
extern const Envelope kMediaPocketEnvelope;

/// What a 404 is about: the text of the contract.
inline constexpr std::string_view kAssetNotFound = "asset not found";
inline constexpr std::string_view kProjectNotFound = "project not found";
inline constexpr std::string_view kMediaNotFound = "media not found";     ///< [D]
inline constexpr std::string_view kApiKeyNotFound = "api key not found";  ///< [D]
inline constexpr std::string_view kExternalIdTaken = "External id has already been taken";

/// {"error":"<text>"}
[[nodiscard]] Response pocket_error(int status, std::string_view text);

/// The response for an error: the one function from Errc to status and text. What is not found has
/// the text `not_found`.
[[nodiscard]] Response refuse_pocket(const Error& error, std::string_view not_found = "Not found");

/// The e-mail address of the key's user. A route that is open to anyone must not ask (CHECK).
[[nodiscard]] const std::string& key_owner(const Exchange& exchange);

/// The asset in the path, /api/v2/assets/{id}: not_found if it is none, gone or hidden (M9, M11).
[[nodiscard]] Task<Result<PocketAsset>> asset_in_path(Exchange& exchange,
                                                      Trashed itself = Trashed::hidden);
/// The project in the path, /api/v2/projects/{id}: not_found if it is none (M13).
[[nodiscard]] Task<Result<PocketProject>> project_in_path(Exchange& exchange);

}  // namespace mooring
