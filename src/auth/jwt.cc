#include "mooring/auth/jwt.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "mooring/auth/base64url.h"
#include "mooring/auth/claims.h"
#include "mooring/base/json_reader.h"

namespace mooring {

namespace {

std::unexpected<Error> refuse(const char* rule) {
  return fail(Errc::unauthenticated, rule);
}

struct Parts {
  std::string head;
  std::string claims;
  std::string signature;
  std::string_view signed_text;  // the first two parts as they came
};

std::optional<Parts> split(std::string_view token) {
  const std::size_t first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  // A further dot is no letter of base64url.
  std::optional<std::string> head = base64url_decode(token.substr(0, first));
  std::optional<std::string> claims = base64url_decode(token.substr(first + 1, second - first - 1));
  std::optional<std::string> signature = base64url_decode(token.substr(second + 1));
  if (!head || !claims || !signature) return std::nullopt;
  if (head->empty() || claims->empty() || signature->empty()) return std::nullopt;
  return Parts{*std::move(head), *std::move(claims), *std::move(signature),
               token.substr(0, second)};
}

bool equal_folded(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, {}, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
}

// Media types fold case and may drop "application/" (RFC 7515 4.1.9, RFC 9068 2.1).
bool is_access_type(const JsonValue* type) {
  if (type == nullptr) return true;
  if (!type->is(JsonKind::string)) return false;
  return std::ranges::any_of(
      std::array<std::string_view, 3>{"jwt", "at+jwt", "application/at+jwt"},
      [&](std::string_view name) { return equal_folded(type->as_string(), name); });
}

struct Head {
  std::optional<std::string> kid;
  std::string algorithm;
};

Result<Head> read_head(std::string_view text) {
  const Result<JsonValue> head = parse_json(text);
  if (!head || !head->is(JsonKind::object)) return refuse("head");
  for (const std::string_view name : {"crit", "b64", "zip"})
    if (head->find(name) != nullptr) return refuse("crit, b64 or zip");
  if (!is_access_type(head->find("typ"))) return refuse("typ");
  const std::string* const algorithm = head->find_string("alg");
  if (algorithm == nullptr) return refuse("alg");
  const JsonValue* const kid = head->find("kid");
  if (kid == nullptr) return Head{std::nullopt, *algorithm};
  if (!kid->is(JsonKind::string) || kid->as_string().empty()) return refuse("kid");
  return Head{kid->as_string(), *algorithm};
}

}  // namespace

Result<VerifiedToken> TokenVerifier::verify(std::string_view token,
                                            std::int64_t now_unix_ms) const {
  if (token.size() > kTokenBytesMax) return refuse("token too long");
  const std::optional<Parts> parts = split(token);
  if (!parts) return refuse("not three parts of base64url");

  const Result<Head> head = read_head(parts->head);
  if (!head) return std::unexpected(head.error());
  const Key* const key = select(head->kid ? &*head->kid : nullptr);
  if (key == nullptr) return refuse("no such key");
  if (head->algorithm != name_of(key->signature.algorithm())) return refuse("alg of the key");
  if (!key->signature.verifies(as_bytes(parts->signed_text), as_bytes(parts->signature)))
    return refuse("signature");

  const Result<JsonValue> claims = parse_json(parts->claims);
  if (!claims) return refuse("claims");
  return identity_from_claims(*claims, key->entry, now_unix_ms);
}

std::expected<TokenVerifier, TokenKeyError> TokenVerifier::make(std::vector<TokenKey> keys) {
  TokenVerifier verifier;
  for (std::size_t index = 0; index < keys.size(); ++index) {
    TokenKey& entry = keys[index];
    for (const Key& earlier : verifier.keys_)
      if (earlier.entry.kid == entry.kid)
        return std::unexpected(TokenKeyError{
            index, entry.kid.empty() ? "a second key without a kid" : "a kid that is used twice"});
    std::expected<SignatureKey, std::string> signature =
        SignatureKey::load(entry.algorithm, std::exchange(entry.material, {}));
    if (!signature) return std::unexpected(TokenKeyError{index, signature.error()});
    verifier.keys_.push_back({std::move(entry), *std::move(signature)});
  }
  return verifier;
}

const TokenVerifier::Key* TokenVerifier::select(const std::string* kid) const noexcept {
  if (kid == nullptr && keys_.size() == 1) return &keys_.front();
  const std::string_view wanted = kid == nullptr ? std::string_view() : *kid;
  const auto at = std::ranges::find(
      keys_, wanted, [](const Key& key) -> std::string_view { return key.entry.kid; });
  return at == keys_.end() ? nullptr : &*at;
}

}  // namespace mooring
