// What a company can ask about its assets, and taking one away (contract 2.2 end). All of it is the
// company's own: an asset of another one does not exist here, public or not [D].
#include <charconv>
#include <optional>
#include <utility>

#include "mooring/api/base_url.h"
#include "mooring/api/partner/envelope.h"
#include "mooring/api/partner/partner_body.h"
#include "mooring/api/partner/partner_rules.h"
#include "mooring/api/store.h"
#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "mooring/catalog/reader.h"
#include "mooring/catalog/writer.h"
#include "partner_handlers.h"

namespace mooring {
namespace {

// Pages [D]: the vendor shows neither a default nor a maximum.
constexpr std::uint64_t kPageDefault = 100;
constexpr std::uint64_t kPageMax = 200;

/// Digits only. Nothing: anything else, or more than 64 bits hold.
std::optional<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

class DeletePartnerAsset final : public Mutation {
 public:
  explicit DeletePartnerAsset(const Uuid& id) : id_(id) {}

  Status apply(Transaction& transaction) override {
    auto deleted = delete_partner_asset(transaction, id_, wall_ms());
    if (!deleted) return std::unexpected(deleted.error());
    asset = *std::move(deleted);
    return {};
  }

  PartnerAssetRecord asset;  ///< once deleted, as it is now

 private:
  Uuid id_;
};

/// The caller's asset of the key in the path, which must be the whole asset's, not a variant's.
Task<Result<PartnerAssetRecord>> own_asset(Exchange& exchange) {
  const std::optional<PartnerKey> key = parse_partner_key(exchange.segment(4));
  if (!key || key->variant != PartnerVariant::original)
    co_return fail(Errc::not_found, "what is no key");
  auto found = co_await exchange.services.reader.read(
      [id = key->id](const View& view) { return find_partner_asset(view, id); });
  if (!found) co_return std::unexpected(found.error());
  const bool is_own = *found && !(*found)->deleted && (*found)->extension == key->extension &&
                      (*found)->company_id == company_of(exchange);
  if (!is_own) co_return fail(Errc::not_found, "partner asset");
  co_return **std::move(found);
}

Response asset_response(const Exchange& exchange, const PartnerAssetRecord& asset) {
  return json_response(kPartnerStatus, partner_asset_body(asset, base_url_of(exchange)));
}

}  // namespace

const std::string& company_of(const Exchange& exchange) {
  MOORING_CHECK(exchange.identity != nullptr, "a handler behind a policy has a caller");
  return exchange.identity->organization;
}

Task<Response> handle_list_partner_assets(Exchange& exchange) {
  const std::optional<std::uint64_t> start =
      parse_count(exchange.query.find("start").value_or("0"));
  if (!start) co_return refuse_argument("start must be a number from 0");
  const std::optional<std::string_view> asked = exchange.query.find("limit");
  const std::optional<std::uint64_t> limit = asked ? parse_count(*asked) : kPageDefault;
  if (!limit || *limit == 0 || *limit > kPageMax)
    co_return refuse_argument("limit must be a number from 1 to 200");

  Result<PartnerAssetPage> page = co_await exchange.services.reader.read_on_worker(
      [company = company_of(exchange), start = *start, limit = *limit](const View& view) {
        return list_partner_assets(view, company, start, static_cast<std::size_t>(limit));
      });
  if (!page) co_return refuse_partner(page.error().code);
  co_return json_response(kPartnerStatus,
                          partner_page_body(*page, *start, *limit, base_url_of(exchange)));
}

Task<Response> handle_get_partner_metadata(Exchange& exchange) {
  Result<PartnerAssetRecord> asset = co_await own_asset(exchange);
  if (!asset) co_return refuse_partner(asset.error().code);
  co_return asset_response(exchange, *asset);
}

Task<Response> handle_delete_partner_asset(Exchange& exchange) {
  Result<PartnerAssetRecord> asset = co_await own_asset(exchange);
  if (!asset) co_return refuse_partner(asset.error().code);
  CoreServices& services = exchange.services;
  DeletePartnerAsset mutation(asset->id);
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed) co_return refuse_partner(committed.error().code);
  collect_later(services);
  co_return asset_response(exchange, mutation.asset);
}

}  // namespace mooring
