// GET of an asset's bytes, or of a smaller rendition of them: rules B2 to B4, G1 to G7, X10.
#include <optional>
#include <utility>

#include "mooring/api/download.h"
#include "mooring/api/partner/envelope.h"
#include "mooring/api/partner/partner_rules.h"
#include "mooring/api/renditions.h"
#include "mooring/catalog/reader.h"
#include "partner_handlers.h"

namespace mooring {
namespace {

// G1: 30 days. What is secured is for the browser of one caller, never for a shared cache.
constexpr std::string_view kOpenCacheControl = "public, max-age=2592000";
constexpr std::string_view kSecuredCacheControl = "private, max-age=2592000";

// G4, the riskiest reading of the contract (section 6, rank 1): what handleError=true makes of an
// asset that is missing or cannot be read.
enum class HandledError : std::uint8_t { placeholder, json };
constexpr HandledError kHandledError = HandledError::placeholder;

/// The record behind a key, for whoever may see it: G2, G3. An asset of another company and one
/// that was deleted do not exist.
Task<Result<PartnerAssetRecord>> readable_asset(Exchange& exchange, const PartnerKey& key) {
  auto found = co_await exchange.services.reader.read(
      [id = key.id](const View& view) { return find_partner_asset(view, id); });
  if (!found) co_return std::unexpected(found.error());
  const bool exists =
      *found && !(*found)->deleted && (*found)->extension == key.extension &&
      (key.variant == PartnerVariant::original || (*found)->type == PartnerAssetType::photo);
  if (!exists) co_return fail(Errc::not_found, "partner asset");
  PartnerAssetRecord asset = **std::move(found);
  if (asset.access == PartnerAccess::secured) {
    if (exchange.identity == nullptr) co_return fail(Errc::unauthenticated, "secured asset");
    if (exchange.identity->organization != asset.company_id)
      co_return fail(Errc::not_found, "asset of another company");
  }
  co_return asset;
}

/// Which stored content is sent for a key.
struct Served {
  BlobId blob;
  std::string_view media_type;
};

/// B4: what has no renditions, or does not decode, is served as it is rather than as a dead link.
Task<Result<Served>> rendered(Exchange& exchange, const PartnerAssetRecord& asset,
                              PartnerVariant variant) {
  const Served original{asset.blob, asset.media_type};
  for (const PartnerVariantRow& row : kPartnerVariants) {
    if (row.variant != variant) continue;
    Result<Rendition> rendition =
        co_await rendition_of(exchange.services, asset.blob, image_type_of(asset.media_type),
                              {.width_max = row.side_max, .height_max = row.side_max});
    if (rendition) co_return Served{rendition->blob, mime_of(rendition->type)};
    const Errc code = rendition.error().code;
    const bool has_none = code == Errc::unsupported_media || code == Errc::unprocessable;
    if (!has_none) co_return std::unexpected(rendition.error());
  }
  co_return original;
}

Task<Result<Response>> serve_asset(Exchange& exchange) {
  const std::optional<PartnerKey> key = parse_partner_key(exchange.segment(4));
  if (!key) co_return fail(Errc::not_found, "what is no key");
  Result<PartnerAssetRecord> asset = co_await readable_asset(exchange, *key);
  if (!asset) co_return std::unexpected(asset.error());
  Result<Served> served = co_await rendered(exchange, *asset, key->variant);
  if (!served) co_return std::unexpected(served.error());

  const bool is_original = key->variant == PartnerVariant::original && !asset->filename.empty();
  const std::string filename = is_original ? asset->filename : partner_key(*asset, key->variant);
  const bool is_open = asset->access == PartnerAccess::open;
  Result<Response> response = co_await serve_content(
      exchange, {.blob = served->blob,
                 .media_type = served->media_type,
                 .filename = filename,
                 .modified_ms = asset->created_ms,
                 .cache_control = is_open ? kOpenCacheControl : kSecuredCacheControl,
                 .embedded_by = is_open ? EmbeddedBy::any_site : EmbeddedBy::same_origin});
  if (response && response->status >= 400) response->add("Cache-Control", "no-store");
  co_return response;
}

/// Missing or unreadable; 401 and what the request itself gets wrong are told as they are.
bool is_handled(Errc code) {
  return code == Errc::not_found || code == Errc::io_error || code == Errc::corrupt;
}

}  // namespace

Task<Response> handle_get_partner_asset(Exchange& exchange) {
  Result<Response> response = co_await serve_asset(exchange);
  if (response) co_return *std::move(response);
  const Errc code = response.error().code;
  if (kHandledError == HandledError::placeholder && is_handled(code) &&
      is_true(exchange.query.find("handleError")))
    co_return placeholder_response();
  co_return refuse_partner(code);
}

}  // namespace mooring
