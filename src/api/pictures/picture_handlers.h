// The handlers of the pictures family, one per route (pictures/family.h), and the statuses of their
// successes.
//
// Each runs on the connection's core, checks in the order of rules X2 and P13 and answers every
// error in the SweetConnect envelope.
#pragma once

#include <optional>

#include "mooring/api/sweetconnect.h"
#include "mooring/catalog/pictures.h"

namespace mooring {

inline constexpr int kPictureUploadedStatus = 201;  ///< rule P1 [I]
inline constexpr int kPictureReplacedStatus = 200;  ///< PATCH, also if it was the first one [D]
inline constexpr int kPictureReadStatus = 200;
inline constexpr int kPictureRemovedStatus = 204;  ///< also if there was none (1.3) [D]

[[nodiscard]] Task<Response> handle_post_picture(Exchange& exchange);
[[nodiscard]] Task<Response> handle_patch_picture(Exchange& exchange);
[[nodiscard]] Task<Response> handle_get_picture(Exchange& exchange);
[[nodiscard]] Task<Response> handle_get_picture_preview(Exchange& exchange);
[[nodiscard]] Task<Response> handle_delete_picture(Exchange& exchange);

/// The asset in the path and its picture, as one read saw them.
struct AssetPicture {
  AssetRecord asset;
  std::optional<PictureRecord> picture;
};

/// Rules P11 and P12: not_found if there is no such asset, else what check_ownership says. With an
/// {organizationId} in the path it is compared too.
[[nodiscard]] Task<Result<AssetPicture>> picture_of_path(
    Exchange& exchange, std::optional<std::string_view> path_organization = {});

}  // namespace mooring
