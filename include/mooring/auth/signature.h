// SignatureKey: one key that can say whether a signature is right, and for one algorithm only (RFC
// 7518).
//
// Read once at start, const and shared by all threads from then on. OpenSSL does the arithmetic,
// not libjwt: libjwt 1.10 refuses tokens of type "at+jwt", which RFC 9068 asks for, reads the PEM
// text anew for every token and would parse the claims a second time. (It still signs:
// auth/issuer.h.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/bytes.h"

struct evp_pkey_st;

namespace mooring {

enum class TokenAlgorithm : std::uint8_t { hs256, rs256, es256 };

/// "HS256", …; static storage.
[[nodiscard]] std::string_view name_of(TokenAlgorithm algorithm) noexcept;
[[nodiscard]] std::optional<TokenAlgorithm> token_algorithm_from(std::string_view name) noexcept;

inline constexpr std::size_t kSecretBytesMin = 32;  ///< HS256: as long as its hash (RFC 7518 3.2)
inline constexpr int kRsaBitsMin = 2048;

class SignatureKey {
 public:
  /// HS256: `material` is the secret, of 32 bytes or more, and no PEM (J06). RS256: a PEM public
  /// key of 2048 bits or more with an exponent of 65537 or more (J09). ES256: a PEM public key on
  /// P-256. Else a sentence for the operator.
  [[nodiscard]] static std::expected<SignatureKey, std::string> load(TokenAlgorithm algorithm,
                                                                     std::string material);

  [[nodiscard]] TokenAlgorithm algorithm() const noexcept { return algorithm_; }
  /// The one length a signature of this key has: 32, the modulus, or 64 (r and s, 32 bytes each).
  [[nodiscard]] std::size_t signature_bytes() const noexcept { return signature_bytes_; }
  [[nodiscard]] bool verifies(Bytes message, Bytes signature) const noexcept;

 private:
  SignatureKey() = default;

  TokenAlgorithm algorithm_ = TokenAlgorithm::hs256;
  std::size_t signature_bytes_ = 0;
  std::string secret_ = {};
  std::shared_ptr<evp_pkey_st> public_key_ = {};
};

}  // namespace mooring
