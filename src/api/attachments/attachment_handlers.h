// The handlers of the attachments family, one per route (attachments/family.h), and what they
// share.
//
// Each runs on the connection's core, checks in the order of M1 and answers every error in the
// envelope of Media Pocket.
#pragma once

#include <expected>
#include <utility>

#include "mooring/api/attachments/media_pocket.h"
#include "mooring/api/attachments/pocket_body.h"
#include "mooring/catalog/writer.h"

namespace mooring {

inline constexpr int kPocketSuccess = 200;  ///< also of what is created (4.1)
/// The vendor's word for "done".
inline constexpr std::string_view kPocketDone = R"({"ok":"ok"})";

[[nodiscard]] Task<Response> handle_list_asset_attachments(Exchange& exchange);
[[nodiscard]] Task<Response> handle_list_project_attachments(Exchange& exchange);
[[nodiscard]] Task<Response> handle_attach_to_asset(Exchange& exchange);
[[nodiscard]] Task<Response> handle_attach_to_project(Exchange& exchange);

[[nodiscard]] Task<Response> handle_create_pocket_asset(Exchange& exchange);
[[nodiscard]] Task<Response> handle_get_pocket_asset(Exchange& exchange);
[[nodiscard]] Task<Response> handle_put_pocket_asset(Exchange& exchange);
[[nodiscard]] Task<Response> handle_delete_pocket_asset(Exchange& exchange);
[[nodiscard]] Task<Response> handle_trash_pocket_asset(Exchange& exchange);
[[nodiscard]] Task<Response> handle_restore_pocket_asset(Exchange& exchange);

[[nodiscard]] Task<Response> handle_create_pocket_project(Exchange& exchange);
[[nodiscard]] Task<Response> handle_create_sub_project(Exchange& exchange);
[[nodiscard]] Task<Response> handle_create_project_asset(Exchange& exchange);
[[nodiscard]] Task<Response> handle_get_pocket_project(Exchange& exchange);
[[nodiscard]] Task<Response> handle_delete_pocket_project(Exchange& exchange);

[[nodiscard]] Task<Response> handle_post_media(Exchange& exchange);
[[nodiscard]] Task<Response> handle_put_media(Exchange& exchange);
[[nodiscard]] Task<Response> handle_list_media(Exchange& exchange);
[[nodiscard]] Task<Response> handle_get_media(Exchange& exchange);
[[nodiscard]] Task<Response> handle_get_download_url(Exchange& exchange);
[[nodiscard]] Task<Response> handle_delete_media(Exchange& exchange);

[[nodiscard]] Task<Response> handle_list_api_keys(Exchange& exchange);
[[nodiscard]] Task<Response> handle_create_api_key(Exchange& exchange);
[[nodiscard]] Task<Response> handle_delete_api_key(Exchange& exchange);

/// What a handler goes on with, or the answer that ends it.
template <typename T>
using OrResponse = std::expected<T, Response>;

/// Reads the body for parameters; 413 above ApiSettings::json_bytes_max (M16).
[[nodiscard]] Task<OrResponse<JsonValue>> read_parameters(Exchange& exchange);

/// Reads the body as `parse` does: `OrResponse<PocketText> = co_await read_body(e,
/// parse_attachment)`.
template <typename T>
[[nodiscard]] Task<OrResponse<T>> read_body(Exchange& exchange,
                                            Accepted<T> (*parse)(const JsonValue&)) {
  OrResponse<JsonValue> body = co_await read_parameters(exchange);
  if (!body) co_return std::unexpected(std::move(body.error()));
  Accepted<T> parsed = parse(*body);
  if (!parsed) co_return std::unexpected(pocket_error(parsed.error().status, parsed.error().text));
  co_return *std::move(parsed);
}

/// Stores a new asset of the caller and answers it.
[[nodiscard]] Task<Response> create_asset_at(Exchange& exchange, NewPocketAsset asset,
                                             PocketPlace place, PocketId holder);

/// A mutation whose result is an asset or a project.
template <typename Record, typename Function>
class PocketChange final : public Mutation {
 public:
  explicit PocketChange(Function function) : function_(std::move(function)) {}

  Status apply(Transaction& transaction) override {
    Result<Record> changed = function_(transaction);
    if (!changed) return std::unexpected(changed.error());
    record = *std::move(changed);
    return {};
  }

  Record record;  ///< once committed, as it is now

 private:
  Function function_;
};

/// As a function of the transaction: `auto change = pocket_change<PocketAsset>(…)`.
template <typename Record, typename Function>
[[nodiscard]] PocketChange<Record, Function> pocket_change(Function function) {
  return PocketChange<Record, Function>(std::move(function));
}

}  // namespace mooring
