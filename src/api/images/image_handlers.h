// The handlers of the images family, one per route (images/family.h), and the statuses of their
// successes.
//
// Each runs on the connection's core, checks in the order of rule I20 and answers every error in
// the Inventorum envelope.
#pragma once

#include <expected>

#include "mooring/api/images/image_rules.h"
#include "mooring/api/route.h"

namespace mooring {

inline constexpr int kImageUploadedStatus = 200;  ///< contract 3.1: not 201
inline constexpr int kImageReadStatus = 200;
inline constexpr int kTokenStatus = 200;
inline constexpr int kImageRemovedStatus = 204;  ///< [D]

[[nodiscard]] Task<Response> handle_post_image(Exchange& exchange);
[[nodiscard]] Task<Response> handle_list_images(Exchange& exchange);
[[nodiscard]] Task<Response> handle_get_image(Exchange& exchange);
[[nodiscard]] Task<Response> handle_delete_image(Exchange& exchange);
[[nodiscard]] Task<Response> handle_get_upload(Exchange& exchange);
[[nodiscard]] Task<Response> handle_post_token(Exchange& exchange);

/// What the head of a request to /images says, once it was allowed.
struct ImageCaller {
  ApiVersion version = kCurrentApiVersion;
  const Identity& identity;
};

/// I20 between the token and the resource: the version, then the scope. The route's own policy asks
/// for a verified token only, because the scope comes after the version.
[[nodiscard]] std::expected<ImageCaller, Response> admit_image_caller(const Exchange& exchange);

/// {id} of the path, under either prefix.
[[nodiscard]] std::string_view image_id_of(const Exchange& exchange);

/// The image in the path if it is of the caller's organization: another's does not exist for it,
/// so that ids tell nothing [D]. not_found, or what reading says.
[[nodiscard]] Task<Result<ImageRecord>> image_of_path(Exchange& exchange,
                                                      const ImageCaller& caller);

/// The response for an image that could not be found or read.
[[nodiscard]] Response refuse_image(const Error& error);

}  // namespace mooring
