// The handlers of the partner family, one per route (partner/family.h), and what they share.
//
// Each runs on the connection's core, checks in the order of rule X2 and answers every error in the
// BLAZE envelope.
#pragma once

#include <string>

#include "mooring/api/exchange.h"
#include "mooring/api/response.h"
#include "mooring/catalog/partner_assets.h"
#include "mooring/core/task.h"

namespace mooring {

inline constexpr int kPartnerStatus = 200;  ///< of every success, also of uploads [V]

[[nodiscard]] Task<Response> handle_post_private_asset(Exchange& exchange);
[[nodiscard]] Task<Response> handle_post_public_asset(Exchange& exchange);
[[nodiscard]] Task<Response> handle_get_partner_asset(Exchange& exchange);
[[nodiscard]] Task<Response> handle_list_partner_assets(Exchange& exchange);
[[nodiscard]] Task<Response> handle_get_partner_metadata(Exchange& exchange);
[[nodiscard]] Task<Response> handle_delete_partner_asset(Exchange& exchange);

/// The company of the caller (2.0). Behind kPartner only.
[[nodiscard]] const std::string& company_of(const Exchange& exchange);

/// G4: 200 and a picture that says "nothing here", which no cache keeps.
[[nodiscard]] Response placeholder_response();

}  // namespace mooring
