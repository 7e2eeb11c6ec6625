#include "mooring/app/token_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "mooring/auth/issuer.h"
#include "mooring/base/clock.h"

namespace mooring {

namespace {

std::vector<std::string> split_at_spaces(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::string bad_secret(const Config& config, const Error& error) {
  return fmt::format("{}/secret: {}: it must be a file of this user, mode 0600", config.data.dir,
                     describe(error));
}

std::expected<std::string, std::string> read_key_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(file), {});
  if (!file || content.empty())
    return std::unexpected(fmt::format("cannot read the key file {}", path));
  return content;
}

}  // namespace

std::expected<TokenVerifier, std::string> load_token_verifier(const Config& config) {
  std::vector<TokenKey> keys;
  std::vector<std::string> sources;
  if (config.auth.local_issuer) {
    Result<std::string> secret = load_or_create_secret(config.data.dir);
    if (!secret) return std::unexpected(bad_secret(config, secret.error()));
    keys.push_back(local_token_key(std::move(*secret)));
    sources.push_back(config.data.dir + "/secret");
  }
  for (const AuthKeyConfig& entry : config.auth.keys) {
    std::expected<std::string, std::string> material = read_key_file(entry.file);
    if (!material) return std::unexpected(material.error());
    TokenKey key;
    key.kid = entry.kid;
    key.algorithm = entry.algorithm;
    key.material = std::move(*material);
    key.issuer = entry.issuer;
    key.audience = entry.audience;
    key.lifetime_seconds_max = static_cast<std::int64_t>(entry.lifetime_ms_max / 1000);
    keys.push_back(std::move(key));
    sources.push_back(entry.file);
  }
  std::expected<TokenVerifier, TokenKeyError> verifier = TokenVerifier::make(std::move(keys));
  if (!verifier)
    return std::unexpected(
        fmt::format("{}: {}", sources[verifier.error().index], verifier.error().reason));
  return std::move(*verifier);
}

std::expected<TokenClients, std::string> load_token_clients(const Config& config) {
  TokenClients clients;
  if (config.auth.clients.empty()) return clients;
  Result<std::string> secret = load_secret(config.data.dir);
  if (!secret) return std::unexpected(bad_secret(config, secret.error()));
  clients.issuer_secret = *std::move(secret);
  for (const AuthClientConfig& entry : config.auth.clients) {
    clients.all.push_back({.id = entry.id,
                           .secret = entry.secret,
                           .organization = entry.organization,
                           .user = entry.user,
                           .scopes = split_at_spaces(entry.scopes)});
    // What cannot be minted is told now and not to the first client that asks.
    const TokenClient& client = clients.all.back();
    const Result<std::string> trial = mint_token(
        {.subject = client.user, .organization = client.organization, .scopes = client.scopes},
        clients.issuer_secret, wall_ms());
    if (!trial)
      return std::unexpected(
          fmt::format("auth.clients: {}: {}", client.id, describe(trial.error())));
  }
  return clients;
}

}  // namespace mooring
