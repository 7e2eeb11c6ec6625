#include <utility>

#include "image_handlers.h"
#include "mooring/api/base_url.h"
#include "mooring/api/download.h"
#include "mooring/api/renditions.h"
#include "mooring/base/check.h"
#include "mooring/catalog/reader.h"

namespace mooring {
namespace {

/// I17: what an address serves never changes, so nobody has to ask twice.
constexpr std::string_view kUploadCacheControl = "public, max-age=31536000, immutable";

/// Serves one blob of the image as `file`.
Task<Response> serve(Exchange& exchange, const ImageRecord& image, const BlobId& blob,
                     std::string_view media_type, std::string_view file) {
  Result<Response> content =
      co_await serve_content(exchange, {.blob = blob,
                                        .media_type = media_type,
                                        .filename = file,
                                        .modified_ms = image.created_ms,
                                        .cache_control = kUploadCacheControl,
                                        .embedded_by = EmbeddedBy::any_site});
  if (!content) co_return refuse_image(content.error());
  co_return *std::move(content);
}

}  // namespace

std::expected<ImageCaller, Response> admit_image_caller(const Exchange& exchange) {
  MOORING_CHECK(exchange.identity != nullptr, "a handler behind a policy has a caller");
  const auto version = parse_api_version(exchange.head.find("x-api-version"));
  if (!version) return std::unexpected(refuse_api_version());
  if (const Status allowed = allow(kImages, exchange.identity); !allowed)
    return std::unexpected(refuse_images(allowed.error()));
  return ImageCaller{*version, *exchange.identity};
}

std::string_view image_id_of(const Exchange& exchange) {
  return exchange.path[exchange.path.size() - 1];
}

Response refuse_image(const Error& error) {
  return error.code == Errc::not_found ? refuse_unknown_image() : refuse_images(error);
}

Task<Result<ImageRecord>> image_of_path(Exchange& exchange, const ImageCaller& caller) {
  const auto id = parse_image_id(caller.version, image_id_of(exchange));
  if (!id) co_return fail(Errc::not_found, "image id that is none");
  Result<std::optional<ImageRecord>> image = co_await exchange.services.reader.read(
      [id = *id](const View& view) { return find_image(view, id); });
  if (!image) co_return std::unexpected(image.error());
  if (!*image || (*image)->organization_id != caller.identity.organization)
    co_return fail(Errc::not_found, "image of the caller's organization");
  co_return **std::move(image);
}

Task<Response> handle_get_image(Exchange& exchange) {
  auto caller = admit_image_caller(exchange);
  if (!caller) co_return std::move(caller.error());
  Result<ImageRecord> image = co_await image_of_path(exchange, *caller);
  if (!image) co_return refuse_image(image.error());
  co_return json_response(kImageReadStatus,
                          image_body(*image, caller->version, base_url_of(exchange)));
}

Task<Response> handle_list_images(Exchange& exchange) {
  auto caller = admit_image_caller(exchange);
  if (!caller) co_return std::move(caller.error());
  const auto asked = parse_page_request(exchange.query.find("page"), exchange.query.find("limit"));
  if (!asked) co_return refuse_fields(asked.error());
  Result<ImagePage> page = co_await exchange.services.reader.read_on_worker(
      [organization = caller->identity.organization, asked = *asked](const View& view) {
        return list_images(view, organization, (asked.page - 1) * asked.limit, asked.limit);
      });
  if (!page) co_return refuse_images(page.error());
  co_return json_response(kImageReadStatus,
                          image_list_body(*page, caller->version, base_url_of(exchange)));
}

Task<Response> handle_get_upload(Exchange& exchange) {
  const std::string_view file = exchange.segment(3);
  const auto address = parse_upload_address(exchange.segment(1), exchange.segment(2), file);
  if (!address) co_return refuse_unknown_image();
  Result<std::optional<ImageRecord>> found = co_await exchange.services.reader.read(
      [upload = address->upload](const View& view) { return find_image_of_upload(view, upload); });
  if (!found) co_return refuse_images(found.error());
  if (!*found || (*found)->type != address->type) co_return refuse_unknown_image();
  const ImageRecord& image = **found;

  if (address->spec) {
    Result<Rendition> rendition = co_await rendition_of(
        exchange.services, image.blob, sniffed_type_of(image.media_type), *address->spec);
    if (rendition)
      co_return co_await serve(exchange, image, rendition->blob, mime_of(rendition->type), file);
    // I14: without a codec for its type the original stands for each rendition.
    if (rendition.error().code != Errc::unsupported_media)
      co_return refuse_image(rendition.error());
  }
  co_return co_await serve(exchange, image, image.blob, image.media_type, file);
}

}  // namespace mooring
