#include "mooring/auth/api_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "mooring/base/bytes.h"

namespace mooring {

namespace {

constexpr std::string_view kAlphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kKindChars = 3;
constexpr std::size_t kSelectorChars = 10;
constexpr std::size_t kVerifierChars = 30;  // 30 * log2(62) = 178.6 bits
constexpr std::size_t kChecksumChars = 6;   // 62^6 > 2^32
constexpr std::size_t kSelectorEnd = kKeyPrefixChars + 1 + kSelectorChars;
constexpr std::size_t kChecksumAt = kSelectorEnd + kVerifierChars;
static_assert(kChecksumAt + kChecksumChars == kKeyTextChars);

constexpr std::string_view letters_of(KeyKind kind) noexcept {
  switch (kind) {
    case KeyKind::attachments:
      return "att";
    case KeyKind::partner:
      return "ptn";
    case KeyKind::developer:
      return "dev";
  }
  return "";
}

constexpr std::array<std::uint32_t, 256> crc_table() noexcept {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320u : 0u);
    table[i] = value;
  }
  return table;
}

// CRC-32 as in IEEE 802.3 and zlib, so that a scanner elsewhere can check a key.
constexpr std::uint32_t crc32_of(std::string_view text) noexcept {
  constexpr std::array kTable = crc_table();
  std::uint32_t crc = ~0u;
  for (const char c : text)
    crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFFu];
  return ~crc;
}
static_assert(crc32_of("123456789") == 0xCBF43926u);

std::string checksum_of(std::string_view text) {
  std::uint32_t value = crc32_of(text);
  std::string digits(kChecksumChars, kAlphabet[0]);
  for (std::size_t i = kChecksumChars; i-- > 0; value /= 62) digits[i] = kAlphabet[value % 62];
  return digits;
}

// Appends `count` characters, each of the 62 as likely as the others: bytes of 248 and more, the
// remainder of 256 by 62, are thrown away.
bool append_random(std::string& text, std::size_t count) {
  std::array<unsigned char, 64> random;
  for (const std::size_t end = text.size() + count; text.size() < end;) {
    if (::RAND_priv_bytes(random.data(), static_cast<int>(random.size())) != 1) return false;
    for (const unsigned char byte : random)
      if (byte < 248 && text.size() < end) text += kAlphabet[byte % 62];
  }
  ::OPENSSL_cleanse(random.data(), random.size());
  return true;
}

KeySecretHash sha256(std::string_view text) noexcept {
  KeySecretHash hash{};
  // Cannot fail but for memory; no key is made with a hash of zeros, so none is proved by one.
  if (::EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(hash.data()), nullptr,
                   ::EVP_sha256(), nullptr) != 1)
    hash.fill({});
  return hash;
}

KeyId id_of(std::string_view text) noexcept {
  const KeySecretHash hash = sha256(text.substr(0, kSelectorEnd));
  KeyId id;
  std::memcpy(id.data(), hash.data(), id.size());
  return id;
}

}  // namespace

Result<NewKey> make_api_key(KeyKind kind) {
  std::string text(letters_of(kind));
  const bool whole = append_random(text, kKeyPrefixChars - kKindChars) &&
                     append_random(text += '.', kSelectorChars + kVerifierChars);
  if (!whole) return fail(Errc::internal, "randomness for a key");
  text += checksum_of(text);
  PresentedKey key{kind, text.substr(0, kKeyPrefixChars), id_of(text), sha256(text)};
  if (key.secret_hash == KeySecretHash{}) return fail(Errc::internal, "hash of a key");
  return NewKey{std::move(text), std::move(key)};
}

std::optional<PresentedKey> parse_api_key(std::string_view text) {
  if (text.size() != kKeyTextChars || text[kKeyPrefixChars] != '.') return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i != kKeyPrefixChars && !kAlphabet.contains(text[i])) return std::nullopt;
  const auto kind = std::ranges::find(kKeyKinds, text.substr(0, kKindChars), letters_of);
  if (kind == kKeyKinds.end()) return std::nullopt;
  if (checksum_of(text.substr(0, kChecksumAt)) != text.substr(kChecksumAt)) return std::nullopt;
  return PresentedKey{*kind, std::string(text.substr(0, kKeyPrefixChars)), id_of(text),
                      sha256(text)};
}

bool secret_matches(const KeySecretHash& a, const KeySecretHash& b) noexcept {
  return ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace mooring
