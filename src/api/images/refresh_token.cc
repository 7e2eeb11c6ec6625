// POST /api/auth/token: RFC 6749 section 6, in the vendor's envelope (contract 3.2, companions).
#include <fmt/format.h>

#include "image_handlers.h"
#include "mooring/api/json_body.h"
#include "mooring/auth/issuer.h"
#include "mooring/auth/refresh_token.h"
#include "mooring/base/clock.h"
#include "mooring/base/json_writer.h"
#include "mooring/catalog/refresh.h"
#include "mooring/catalog/writer.h"

namespace mooring {
namespace {

constexpr std::int64_t kAccessTokenSeconds = 36'000;  // [V]
constexpr std::size_t kGrantBytesMax = 8_KiB;
constexpr std::string_view kRequired = "This field is required.";
constexpr std::string_view kGrantType = "refresh_token";

class UseRefreshToken final : public Mutation {
 public:
  UseRefreshToken(const RefreshToken& token, std::string_view client)
      : token_(token), client_(client) {}

  Status apply(Transaction& transaction) override {
    const auto used =
        use_refresh(transaction, token_.family, client_, token_.generation, wall_ms());
    if (!used) return std::unexpected(used.error());
    next_generation = *used;
    return {};
  }

  std::optional<std::uint64_t> next_generation;  ///< nothing: the token was no longer good

 private:
  RefreshToken token_;
  std::string_view client_;
};

bool is_form(const RequestHead& head) {
  const auto field = head.find("content-type");
  if (!field) return false;
  const Result<MediaType> type = parse_media_type(*field);
  return type && type->essence == "application/x-www-form-urlencoded";
}

/// The refresh token of the grant in the body, or what is wrong with the body.
std::expected<std::string, Response> parse_grant(const std::string& body) {
  const Result<QueryParameters> grant = parse_query(body);
  if (!grant) return std::unexpected(refuse_images(Errc::invalid));
  const std::string_view grant_type = grant->find("grant_type").value_or("");
  const std::string_view refresh_token = grant->find("refresh_token").value_or("");
  std::vector<FieldError> errors;
  if (grant_type.empty()) errors.push_back({"grant_type", std::string(kRequired)});
  if (refresh_token.empty()) errors.push_back({"refresh_token", std::string(kRequired)});
  if (!errors.empty()) return std::unexpected(refuse_fields(errors));
  if (grant_type != kGrantType) return std::unexpected(refuse_grant(GrantError::unsupported));
  return std::string(refresh_token);
}

std::string scope_of(const TokenClient& client) {
  return fmt::format("{}", fmt::join(client.scopes, " "));
}

Result<std::string> mint_access_token(const TokenClient& client, std::string_view secret) {
  return mint_token({.subject = client.user,
                     .organization = client.organization,
                     .scopes = client.scopes,
                     .lifetime_seconds = kAccessTokenSeconds},
                    secret, wall_ms());
}

}  // namespace

Task<Response> handle_post_token(Exchange& exchange) {
  const TokenClients& clients = exchange.services.settings.token_clients;
  const TokenClient* const client =
      find_token_client(clients.all, exchange.head.find("authorization").value_or(""));
  if (client == nullptr) co_return refuse_grant(GrantError::unknown_client);
  if (!is_form(exchange.head)) co_return refuse_images(Errc::invalid);
  Result<std::string> body = co_await read_text_body(exchange.body, kGrantBytesMax);
  if (!body) co_return refuse_images(body.error());
  auto text = parse_grant(*body);
  if (!text) co_return std::move(text.error());
  Result<RefreshToken> token =
      read_refresh_token(*text, client->id, clients.issuer_secret, wall_ms());
  if (!token) co_return refuse_grant(GrantError::bad_token);
  // Before the commit: a token that was used up must not end without its successor.
  const Result<std::string> access = mint_access_token(*client, clients.issuer_secret);
  if (!access) co_return refuse_images(Errc::internal);

  UseRefreshToken mutation(*token, client->id);
  CoreServices& services = exchange.services;
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed) co_return refuse_images(committed.error());
  if (!mutation.next_generation) co_return refuse_grant(GrantError::bad_token);
  const RefreshToken next{token->family, *mutation.next_generation, wall_ms()};

  JsonWriter json;
  json.begin_object().field("access_token", std::string_view(*access));
  json.field("token_type", "Bearer").field("expires_in", kAccessTokenSeconds);
  json.field("refresh_token",
             std::string_view(mint_refresh_token(next, client->id, clients.issuer_secret)));
  json.field("scope", std::string_view(scope_of(*client))).end_object();
  Response response = json_response(kTokenStatus, json.take());
  response.add("Cache-Control", "no-store").add("Pragma", "no-cache");
  co_return response;
}

}  // namespace mooring
