// Keys and signatures: the cases J06 to J10 of the threat list, and what a configuration may not
// hold.
#include "mooring/auth/signature.h"

#include <gtest/gtest.h>
#include <jwt.h>

#include "mooring/auth/base64url.h"
#include "token_maker.h"

namespace mooring {
namespace {

constexpr std::string_view kRsHead = R"({"alg":"RS256","typ":"at+jwt"})";
constexpr std::string_view kEsHead = R"({"alg":"ES256"})";

const KeyPair& rsa_pair() {
  static const KeyPair pair = KeyPair::rsa();
  return pair;
}
const KeyPair& ec_pair() {
  static const KeyPair pair = KeyPair::ec();
  return pair;
}

TokenVerifier verifier_with(TokenAlgorithm algorithm, std::string pem) {
  return verifier_of({TokenKey{.algorithm = algorithm, .material = std::move(pem)}});
}
TokenVerifier rsa_verifier() {
  return verifier_with(TokenAlgorithm::rs256, rsa_pair().public_pem());
}
TokenVerifier ec_verifier() {
  return verifier_with(TokenAlgorithm::es256, ec_pair().public_pem());
}

std::string reason(TokenAlgorithm algorithm, std::string material) {
  const auto key = SignatureKey::load(algorithm, std::move(material));
  return key ? "accepted" : key.error();
}

// Signed by another implementation than ours.
std::string libjwt_token(jwt_alg_t algorithm, const std::string& pem) {
  jwt_t* token = nullptr;
  jwt_new(&token);
  jwt_add_grants_json(token, claims_with("").c_str());
  jwt_set_alg(token, algorithm, reinterpret_cast<const unsigned char*>(pem.data()),
              static_cast<int>(pem.size()));
  char* const text = jwt_encode_str(token);
  std::string out = text == nullptr ? "" : text;
  std::free(text);
  jwt_free(token);
  return out;
}

TEST(Signature, TokensOfAnotherImplementationAreAccepted) {
  expect_accepted(rsa_verifier(), libjwt_token(JWT_ALG_RS256, rsa_pair().private_pem()));
  expect_accepted(ec_verifier(), libjwt_token(JWT_ALG_ES256, ec_pair().private_pem()));
  expect_accepted(verifier_of({secret_key()}), libjwt_token(JWT_ALG_HS256, kTestSecret));
}

TEST(Signature, J06ThePublicKeyIsNoSharedSecret) {
  for (const KeyPair* pair : {&rsa_pair(), &ec_pair()}) {
    const std::string pem = pair->public_pem();
    const TokenVerifier verifier = pair == &rsa_pair() ? rsa_verifier() : ec_verifier();
    std::string der = pem.substr(27, pem.size() - 27 - 25);
    for (const std::string& secret :
         {pem, pem.substr(0, pem.size() - 1), " " + pem, "\n" + pem, pem + "\n", der})
      expect_refused(verifier, hs256_token(R"({"alg":"HS256"})", claims_with(""), secret));
    EXPECT_EQ(reason(TokenAlgorithm::hs256, pem), "a PEM file as a shared secret");
  }
}

TEST(Signature, J07AnotherHashOrCurveIsRefused) {
  const std::string text = unsigned_token(R"({"alg":"RS512"})", claims_with(""));
  expect_refused(rsa_verifier(), with_signature(text, rsa_pair().signature(text, EVP_sha512())));
  const std::string claimed = unsigned_token(kRsHead, claims_with(""));
  expect_refused(rsa_verifier(),
                 with_signature(claimed, rsa_pair().signature(claimed, EVP_sha512())));
  expect_refused(ec_verifier(), libjwt_token(JWT_ALG_ES384, KeyPair::ec("P-384").private_pem()));
  expect_refused(rsa_verifier(), libjwt_token(JWT_ALG_RS384, rsa_pair().private_pem()));
}

TEST(Signature, J08OnlyRawSignaturesInRange) {
  const TokenVerifier verifier = ec_verifier();
  const std::string text = unsigned_token(kEsHead, claims_with(""));
  const std::string raw = ec_pair().raw_signature(text);
  expect_accepted(verifier, with_signature(text, raw));

  const std::string zero(32, '\0');
  const std::string all_ones(32, '\xff');
  std::string order =  // n of P-256
      std::string("\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff", 16) +
      "\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";
  const std::string r = raw.substr(0, 32);
  const std::string s = raw.substr(32);
  for (const std::string& wrong :
       {zero + zero, r + zero, zero + s, order + s, r + order, all_ones + s, r + all_ones, s + r,
        ec_pair().signature(text), raw + std::string(1, '\0'), std::string(1, '\0') + raw,
        raw.substr(0, 63), raw.substr(1), std::string(64, 'x')})
    expect_refused(verifier, with_signature(text, wrong));
}

TEST(Signature, J09RsaSignaturesAreWholeAndKeysAreStrong) {
  const TokenVerifier verifier = rsa_verifier();
  const std::string text = unsigned_token(kRsHead, claims_with(""));
  const std::string right = rsa_pair().signature(text);
  expect_accepted(verifier, with_signature(text, right));
  std::string last_bit = right;
  last_bit.back() = static_cast<char>(last_bit.back() ^ 1);
  for (const std::string& wrong :
       {std::string(), std::string(256, '\0'), std::string(255, '\0') + "\1", last_bit,
        right.substr(0, 255), right + std::string(1, '\0'), std::string(1, '\0') + right,
        KeyPair::rsa().signature(text), std::string(256, '\xff')})
    expect_refused(verifier, with_signature(text, wrong));

  EXPECT_EQ(reason(TokenAlgorithm::rs256, KeyPair::rsa(1024).public_pem()),
            "an RSA key of 1024 bits; 2048 are the least");
  EXPECT_EQ(reason(TokenAlgorithm::rs256, KeyPair::rsa(2048).public_pem()), "accepted");
}

TEST(Signature, J09AnExponentOfThreeIsRefused) {
  const std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr), EVP_PKEY_CTX_free);
  const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> three(BN_new(), BN_free);
  BN_set_word(three.get(), 3);
  ASSERT_EQ(EVP_PKEY_keygen_init(context.get()), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), 2048), 1);
  ASSERT_EQ(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), three.get()), 1);
  EVP_PKEY* key = nullptr;
  ASSERT_EQ(EVP_PKEY_keygen(context.get(), &key), 1);
  EXPECT_EQ(reason(TokenAlgorithm::rs256, KeyPair(key).public_pem()),
            "an RSA key with an exponent other than 65537 or an odd number above it");
}

TEST(Signature, J10OtherKindsOfKeysAreRefused) {
  const KeyPair edwards(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  for (const TokenAlgorithm algorithm : {TokenAlgorithm::rs256, TokenAlgorithm::es256})
    EXPECT_NE(reason(algorithm, edwards.public_pem()), "accepted");
  EXPECT_EQ(reason(TokenAlgorithm::es256, rsa_pair().public_pem()), "not an elliptic curve key");
  EXPECT_EQ(reason(TokenAlgorithm::rs256, ec_pair().public_pem()), "not an RSA key");
  EXPECT_EQ(reason(TokenAlgorithm::es256, KeyPair::ec("P-384").public_pem()),
            "an elliptic curve key on another curve than P-256");
  EXPECT_EQ(token_algorithm_from("EdDSA"), std::nullopt);
  EXPECT_EQ(token_algorithm_from("none"), std::nullopt);
  EXPECT_EQ(token_algorithm_from("ES256"), TokenAlgorithm::es256);
}

TEST(Signature, WhatIsNoPublicKeyIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("x"), rsa_pair().private_pem(),
        std::string("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")})
    EXPECT_EQ(reason(TokenAlgorithm::rs256, text),
              "not a PEM public key (-----BEGIN PUBLIC KEY-----)");
}

TEST(Signature, ASecretHas32BytesOrMore) {
  EXPECT_EQ(reason(TokenAlgorithm::hs256, std::string(31, 'x')),
            "a secret of 31 bytes; 32 are the least");
  EXPECT_EQ(reason(TokenAlgorithm::hs256, std::string(32, 'x')), "accepted");
}

TEST(Signature, ASetNamesTheKeyThatIsWrong) {
  const auto twice = TokenVerifier::make({secret_key("a"), secret_key("b"), secret_key("a")});
  ASSERT_FALSE(twice.has_value());
  EXPECT_EQ(twice.error().index, 2u);
  EXPECT_EQ(twice.error().reason, "a kid that is used twice");
  const auto unnamed = TokenVerifier::make({secret_key(), secret_key()});
  ASSERT_FALSE(unnamed.has_value());
  EXPECT_EQ(unnamed.error().reason, "a second key without a kid");
}

TEST(Base64Url, GoesThereAndBackForEveryLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    const std::string text = base64url_encode(as_bytes(bytes));
    EXPECT_EQ(base64url_decode(text), bytes);
    bytes.push_back(static_cast<char>(i * 37));
  }
  EXPECT_EQ(base64url_encode(as_bytes("\xfb\xff")), "-_8");
  for (const char* text : {"A", "AAAAA", "-_9", "AB", "A=", "AA==", "A A", "+/8", "AA\n"})
    EXPECT_EQ(base64url_decode(text), std::nullopt) << text;
}

}  // namespace
}  // namespace mooring
