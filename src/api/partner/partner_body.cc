#include "mooring/api/partner/partner_body.h"

#include <fmt/format.h>

#include <optional>

#include "mooring/api/partner/partner_rules.h"
#include "mooring/base/json_writer.h"

namespace mooring {
namespace {

constexpr std::string_view kAssetPath = "/api/v1/partner/asset";

// No endpoint changes these: an asset is as it was uploaded until it is deleted [D].
constexpr bool kUpdated = false;
constexpr bool kActive = true;
constexpr int kPriority = 0;

void write_asset(JsonWriter& out, const PartnerAssetRecord& asset, std::string_view base_url) {
  const std::string key = partner_key(asset);
  const std::string url = partner_asset_url(base_url, key);
  const bool is_open = asset.access == PartnerAccess::open;
  const auto variant_url = [&](PartnerVariant variant) -> std::optional<std::string> {
    if (asset.type != PartnerAssetType::photo) return {};
    return partner_asset_url(base_url, partner_key(asset, variant));
  };
  out.begin_object()
      .field("id", std::string_view(partner_id(asset.id)))
      .field("companyId", std::string_view(asset.company_id))
      .field("created", asset.created_ms)
      .field("modified", asset.modified_ms)
      .field("deleted", asset.deleted)
      .field("updated", kUpdated)
      .field("name", std::string_view(asset.name))
      .field("key", std::string_view(key))
      .field("type", name_of(asset.type))
      .field("publicURL", is_open ? std::optional(url) : std::nullopt)
      .field("active", kActive)
      .field("priority", kPriority)
      .field("secured", !is_open)
      .field("thumbURL", variant_url(PartnerVariant::thumb))
      .field("mediumURL", variant_url(PartnerVariant::medium))
      .field("largeURL", variant_url(PartnerVariant::large))
      .field("largeX2URL", variant_url(PartnerVariant::large_x2))
      .field("origURL", std::string_view(url))
      .field("platformFileUrl", std::string_view(url))
      .end_object();
}

}  // namespace

std::string partner_asset_url(std::string_view base_url, std::string_view key) {
  return fmt::format("{}{}/{}", base_url, kAssetPath, key);
}

std::string partner_asset_body(const PartnerAssetRecord& asset, std::string_view base_url) {
  JsonWriter out;
  write_asset(out, asset, base_url);
  return out.take();
}

std::string partner_page_body(const PartnerAssetPage& page, std::uint64_t start,
                              std::uint64_t limit, std::string_view base_url) {
  JsonWriter out;
  out.begin_object().key("values").begin_array();
  for (const PartnerAssetRecord& asset : page.assets) write_asset(out, asset, base_url);
  out.end_array().field("skip", start).field("limit", limit).field("total", page.total);
  out.end_object();
  return out.take();
}

}  // namespace mooring
