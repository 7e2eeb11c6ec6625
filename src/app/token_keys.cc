#include "mooring/app/token_keys.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "mooring/auth/issuer.h"

namespace mooring {

namespace {

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
    if (!secret)
      return std::unexpected(fmt::format("{}/secret: {}: it must be a file of this user, mode 0600",
                                         config.data.dir, describe(secret.error())));
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

}  // namespace mooring
