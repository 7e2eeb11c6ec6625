#include "mooring/auth/refresh_token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "mooring/auth/base64url.h"
#include "mooring/auth/checksum.h"
#include "mooring/auth/secret_compare.h"
#include "mooring/base/bytes.h"
#include "mooring/base/check.h"

namespace mooring {

namespace {

constexpr std::string_view kLabel = "mooring refresh token 1\n";
constexpr std::string_view kBasic = "basic ";
constexpr std::size_t kPayloadBytes = 32;
constexpr std::size_t kMacBytes = 32;

void append_big_endian(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes.substr(0, 8)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

std::string payload_of(const RefreshToken& token) {
  std::string payload(reinterpret_cast<const char*>(token.family.bytes.data()),
                      token.family.bytes.size());
  append_big_endian(payload, token.generation);
  append_big_endian(payload, static_cast<std::uint64_t>(token.issued_ms));
  return payload;
}

// The payload has one length, so that it and the client cannot run into each other.
std::string mac_of(std::string_view payload, std::string_view client_id, std::string_view secret) {
  const std::string message =
      std::string(kLabel).append(payload.data(), payload.size()).append(client_id);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
  unsigned mac_bytes = 0;
  const unsigned char* const made =
      HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac.data(),
           &mac_bytes);
  MOORING_CHECK(made != nullptr && mac_bytes == kMacBytes, "HMAC-SHA-256");
  return {reinterpret_cast<const char*>(mac.data()), mac_bytes};
}

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string mint_refresh_token(const RefreshToken& token, std::string_view client_id,
                               std::string_view issuer_secret) {
  const std::string payload = payload_of(token);
  return base64url_encode(as_bytes(payload)) + "." +
         base64url_encode(as_bytes(mac_of(payload, client_id, issuer_secret)));
}

Result<RefreshToken> read_refresh_token(std::string_view text, std::string_view client_id,
                                        std::string_view issuer_secret, std::int64_t now_unix_ms) {
  const std::size_t dot = std::min(text.find('.'), text.size());
  const auto payload = base64url_decode(text.substr(0, dot));
  const auto mac = base64url_decode(text.substr(std::min(dot + 1, text.size())));
  if (!payload || !mac || payload->size() != kPayloadBytes)
    return fail(Errc::unauthenticated, "not a refresh token");
  const std::string expected = mac_of(*payload, client_id, issuer_secret);
  if (!secret_equal(as_bytes(*mac), as_bytes(expected)))
    return fail(Errc::unauthenticated, "refresh token of another client or secret");
  RefreshToken token;
  std::copy_n(payload->begin(), token.family.bytes.size(), token.family.bytes.begin());
  token.generation = read_big_endian(std::string_view(*payload).substr(16));
  token.issued_ms =
      static_cast<std::int64_t>(read_big_endian(std::string_view(*payload).substr(24)));
  if (now_unix_ms - token.issued_ms > kRefreshLifetimeMs)
    return fail(Errc::unauthenticated, "refresh token that is too old");
  return token;
}

const TokenClient* find_token_client(std::span<const TokenClient> clients,
                                     std::string_view authorization) {
  if (authorization.size() <= kBasic.size() ||
      !std::ranges::equal(authorization.substr(0, kBasic.size()), kBasic, {}, lower))
    return nullptr;
  const auto decoded = decode_base64(authorization.substr(kBasic.size()));
  if (!decoded) return nullptr;
  const std::string_view pair = as_text(*decoded);
  const std::size_t colon = pair.find(':');
  if (colon == pair.npos) return nullptr;
  for (const TokenClient& client : clients)
    if (client.id == pair.substr(0, colon))
      return secret_equal(as_bytes(client.secret), as_bytes(pair.substr(colon + 1))) ? &client
                                                                                     : nullptr;
  return nullptr;
}

}  // namespace mooring
