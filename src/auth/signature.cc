#include "mooring/auth/signature.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>

#include "mooring/auth/secret_compare.h"

namespace mooring {

namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using BignumPtr = std::unique_ptr<BIGNUM, Freer<BN_free>>;
using SignaturePtr = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;

constexpr std::size_t kHmacBytes = 32;
constexpr std::size_t kP256Bytes = 32;

const unsigned char* data_of(Bytes bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::shared_ptr<evp_pkey_st> read_public_key(const std::string& pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  EVP_PKEY* const key = PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr);
  ERR_clear_error();
  if (key == nullptr) return nullptr;
  return {key, EVP_PKEY_free};
}

// Empty, or what is wrong with the key.
std::string refuse_rsa(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") != 1) return "not an RSA key";
  if (EVP_PKEY_get_bits(key) < kRsaBitsMin)
    return fmt::format("an RSA key of {} bits; {} are the least", EVP_PKEY_get_bits(key),
                       kRsaBitsMin);
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &number) != 1)
    return "an RSA key without an exponent";
  const BignumPtr exponent(number);
  // 2^16 + 1 is the smallest odd number of 17 bits.
  if (BN_num_bits(exponent.get()) < 17 || !BN_is_odd(exponent.get()))
    return "an RSA key with an exponent other than 65537 or an odd number above it";
  return {};
}

std::string refuse_ec(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "EC") != 1) return "not an elliptic curve key";
  std::array<char, 64> group = {};
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) != 1 ||
      std::string_view(group.data()) != "prime256v1")
    return "an elliptic curve key on another curve than P-256";
  return {};
}

// r and s of 32 bytes each, as tokens carry them, in the DER form that OpenSSL takes. Empty on
// failure.
std::string der_from_raw(Bytes raw) {
  const SignaturePtr signature(ECDSA_SIG_new());
  BignumPtr r(BN_bin2bn(data_of(raw), kP256Bytes, nullptr));
  BignumPtr s(BN_bin2bn(data_of(raw) + kP256Bytes, kP256Bytes, nullptr));
  if (!signature || !r || !s || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
  static_cast<void>(r.release());
  static_cast<void>(s.release());
  unsigned char* der = nullptr;
  const int bytes = i2d_ECDSA_SIG(signature.get(), &der);
  if (bytes <= 0) return {};
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(bytes));
  OPENSSL_free(der);
  return text;
}

bool verifies_public(EVP_PKEY* key, Bytes message, Bytes signature) noexcept {
  const DigestContextPtr context(EVP_MD_CTX_new());
  const bool right =
      context != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), data_of(signature), signature.size(), data_of(message),
                       message.size()) == 1;
  // A wrong signature leaves entries on this thread's queue of errors.
  if (!right) ERR_clear_error();
  return right;
}

}  // namespace

std::expected<SignatureKey, std::string> SignatureKey::load(TokenAlgorithm algorithm,
                                                            std::string material) {
  SignatureKey key;
  key.algorithm_ = algorithm;
  if (algorithm == TokenAlgorithm::hs256) {
    if (material.size() < kSecretBytesMin)
      return std::unexpected(
          fmt::format("a secret of {} bytes; {} are the least", material.size(), kSecretBytesMin));
    if (material.find("-----BEGIN") != std::string::npos)
      return std::unexpected("a PEM file as a shared secret");
    key.signature_bytes_ = kHmacBytes;
    key.secret_ = std::move(material);
    return key;
  }
  key.public_key_ = read_public_key(material);
  if (!key.public_key_) return std::unexpected("not a PEM public key (-----BEGIN PUBLIC KEY-----)");
  const bool is_rsa = algorithm == TokenAlgorithm::rs256;
  std::string reason =
      is_rsa ? refuse_rsa(key.public_key_.get()) : refuse_ec(key.public_key_.get());
  if (!reason.empty()) return std::unexpected(std::move(reason));
  key.signature_bytes_ =
      is_rsa ? static_cast<std::size_t>(EVP_PKEY_get_size(key.public_key_.get())) : 2 * kP256Bytes;
  return key;
}

bool SignatureKey::verifies(Bytes message, Bytes signature) const noexcept {
  if (signature.size() != signature_bytes_) return false;
  switch (algorithm_) {
    case TokenAlgorithm::hs256: {
      std::array<std::byte, kHmacBytes> expected;
      return HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), data_of(message),
                  message.size(), reinterpret_cast<unsigned char*>(expected.data()),
                  nullptr) != nullptr &&
             secret_equal(expected, signature);
    }
    case TokenAlgorithm::rs256:
      return verifies_public(public_key_.get(), message, signature);
    case TokenAlgorithm::es256: {
      const std::string der = der_from_raw(signature);
      return !der.empty() && verifies_public(public_key_.get(), message, as_bytes(der));
    }
  }
  return false;
}

std::string_view name_of(TokenAlgorithm algorithm) noexcept {
  switch (algorithm) {
    case TokenAlgorithm::hs256:
      return "HS256";
    case TokenAlgorithm::rs256:
      return "RS256";
    case TokenAlgorithm::es256:
      return "ES256";
  }
  return "unknown";
}

std::optional<TokenAlgorithm> token_algorithm_from(std::string_view name) noexcept {
  for (const auto algorithm : {TokenAlgorithm::hs256, TokenAlgorithm::rs256, TokenAlgorithm::es256})
    if (name_of(algorithm) == name) return algorithm;
  return std::nullopt;
}

}  // namespace mooring
