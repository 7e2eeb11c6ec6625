// Tokens for tests: any head and claims, signed by hand, so that wrong ones can be made too.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "mooring/auth/base64url.h"
#include "mooring/auth/jwt.h"
#include "mooring/base/bytes.h"

namespace mooring {

inline constexpr std::int64_t kNow = 1'740'657'600'000;  // 2025-02-27T12:00:00Z
inline constexpr std::int64_t kNowSeconds = kNow / 1000;
inline const std::string kTestSecret(40, 's');
inline constexpr std::string_view kHead = R"({"alg":"HS256","typ":"JWT"})";

inline std::string hmac_sha256(std::string_view secret, std::string_view text) {
  unsigned char digest[32];
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, nullptr);
  return {reinterpret_cast<const char*>(digest), sizeof digest};
}

inline std::string unsigned_token(std::string_view head, std::string_view claims) {
  return base64url_encode(as_bytes(head)) + "." + base64url_encode(as_bytes(claims));
}

inline std::string hs256_token(std::string_view head, std::string_view claims,
                               std::string_view secret = kTestSecret) {
  const std::string text = unsigned_token(head, claims);
  return text + "." + base64url_encode(as_bytes(hmac_sha256(secret, text)));
}

/// Good claims, with `more` (such as `,"nbf":1`) at their end.
inline std::string claims_with(std::string_view more, std::int64_t expires = kNowSeconds + 600) {
  return R"({"sub":"user-1","organizationId":"org-1","roles":["admin"],"exp":)" +
         std::to_string(expires) + std::string(more) + "}";
}

inline TokenKey secret_key(std::string kid = {}) {
  return TokenKey{
      .kid = std::move(kid), .algorithm = TokenAlgorithm::hs256, .material = kTestSecret};
}

inline TokenVerifier verifier_of(std::vector<TokenKey> keys) {
  auto verifier = TokenVerifier::make(std::move(keys));
  if (!verifier) throw std::runtime_error(verifier.error().reason);
  return *std::move(verifier);
}

inline void expect_refused(const TokenVerifier& verifier, std::string_view token,
                           std::int64_t now = kNow) {
  const Result<VerifiedToken> result = verifier.verify(token, now);
  ASSERT_FALSE(result.has_value()) << token;
  EXPECT_EQ(result.error().code, Errc::unauthenticated) << token;
}

inline void expect_accepted(const TokenVerifier& verifier, std::string_view token,
                            std::int64_t now = kNow) {
  const Result<VerifiedToken> result = verifier.verify(token, now);
  EXPECT_TRUE(result.has_value()) << token << ": " << describe(result.error());
}

/// A key pair made for one test.
class KeyPair {
 public:
  explicit KeyPair(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {}
  static KeyPair rsa(std::size_t bits = 2048) {
    return KeyPair(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
  }
  static KeyPair ec(const char* curve = "P-256") {
    return KeyPair(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
  }

  [[nodiscard]] std::string public_pem() const {
    return pem([&](BIO* bio) { PEM_write_bio_PUBKEY(bio, key_.get()); });
  }
  [[nodiscard]] std::string private_pem() const {
    return pem([&](BIO* bio) {
      PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }

  /// As OpenSSL makes it: of an EC key in DER form.
  [[nodiscard]] std::string signature(std::string_view text,
                                      const EVP_MD* digest = EVP_sha256()) const {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free);
    EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get());
    std::size_t bytes = 1024;
    std::string out(bytes, '\0');
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &bytes,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    out.resize(bytes);
    return out;
  }

  /// r and s of 32 bytes each, as ES256 wants them.
  [[nodiscard]] std::string raw_signature(std::string_view text) const {
    const std::string der = signature(text);
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> parsed(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free);
    std::string raw(64, '\0');
    auto* const out = reinterpret_cast<unsigned char*>(raw.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), out, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), out + 32, 32);
    return raw;
  }

 private:
  template <typename Write>
  static std::string pem(Write write) {
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
    write(bio.get());
    char* data = nullptr;
    const long bytes = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(bytes)};
  }

  std::shared_ptr<EVP_PKEY> key_;
};

inline std::string with_signature(const std::string& text, std::string_view signature) {
  return text + "." + base64url_encode(as_bytes(signature));
}

}  // namespace mooring
