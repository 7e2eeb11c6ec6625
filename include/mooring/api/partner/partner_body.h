// Partner bodies: CompanyAsset and pages of it as JSON (contract 2.1, 2.2 end).
//
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mooring/catalog/partner_assets.h"

namespace mooring {

/// "https://assets.example.com" + where partner assets are + `key`. `base_url` has no slash at its
/// end.
[[nodiscard]] std::string partner_asset_url(std::string_view base_url, std::string_view key);

/// A CompanyAsset: the 19 keys of the seed in their order, all of them always. URLs are made from
/// `base_url` now, not stored: they follow the server when it moves.
///
///   publicURL                                     null for a secured asset
///   thumbURL, mediumURL, largeURL, largeX2URL     null unless it is a Photo
///   origURL, platformFileUrl                      always [D]; for a secured asset they take keys
[[nodiscard]] std::string partner_asset_body(const PartnerAssetRecord& asset,
                                             std::string_view base_url);

/// {"values":[CompanyAsset…],"skip":…,"limit":…,"total":…}, as the vendor's lists look [V].
[[nodiscard]] std::string partner_page_body(const PartnerAssetPage& page, std::uint64_t start,
                                            std::uint64_t limit, std::string_view base_url);

}  // namespace mooring
