// What a request pays to say who it is: cold for each algorithm, and from the cache.
#include <benchmark/benchmark.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <stdexcept>

#include "mooring/auth/base64url.h"
#include "mooring/auth/bearer.h"
#include "mooring/auth/issuer.h"

namespace mooring {
namespace {

constexpr std::int64_t kNow = 1'740'657'600'000;
const std::string kSecret(43, 's');

TokenVerifier verifier_of(TokenKey key) {
  auto verifier = TokenVerifier::make({std::move(key)});
  if (!verifier) throw std::runtime_error(verifier.error().reason);
  return *std::move(verifier);
}

std::string local_token() {
  return *mint_token({.subject = "6f1c0a52-7d0c-4b8a-9a70-3f4f3d1a2b3c",
                      .organization = "org-5678",
                      .roles = {"manufacturer-admin"}},
                     kSecret, kNow);
}

void bm_hs256_cold(benchmark::State& state) {
  const TokenVerifier verifier = verifier_of(local_token_key(kSecret));
  const std::string token = local_token();
  for (auto _ : state) {
    auto result = verifier.verify(token, kNow);
    if (!result) state.SkipWithError("refused");
    benchmark::DoNotOptimize(result);
  }
}
BENCHMARK(bm_hs256_cold);

void bm_rs256_cold(benchmark::State& state) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}), EVP_PKEY_free);
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PUBKEY(bio.get(), key.get());
  char* pem = nullptr;
  const auto pem_bytes = static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &pem));
  const TokenVerifier verifier =
      verifier_of({.algorithm = TokenAlgorithm::rs256, .material = std::string(pem, pem_bytes)});

  std::string token =
      base64url_encode(as_bytes(R"({"alg":"RS256"})")) + "." +
      base64url_encode(as_bytes(R"({"sub":"user","organizationId":"o","exp":1740658200})"));
  std::size_t bytes = 256;
  std::string signature(bytes, '\0');
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
  EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &bytes,
                 reinterpret_cast<const unsigned char*>(token.data()), token.size());
  token += "." + base64url_encode(as_bytes(signature));

  for (auto _ : state) {
    auto result = verifier.verify(token, kNow);
    if (!result) state.SkipWithError("refused");
    benchmark::DoNotOptimize(result);
  }
}
BENCHMARK(bm_rs256_cold);

void bm_hs256_cached(benchmark::State& state) {
  const TokenVerifier verifier = verifier_of(local_token_key(kSecret));
  const std::string header = "Bearer " + local_token();
  TokenCache cache(1024);
  for (auto _ : state) {
    auto result = authenticate_bearer(header, verifier, cache, kNow);
    if (!result) state.SkipWithError("refused");
    benchmark::DoNotOptimize(result);
  }
}
BENCHMARK(bm_hs256_cached);

// A stranger's token: the price of saying no.
void bm_hs256_refused(benchmark::State& state) {
  const TokenVerifier verifier = verifier_of(local_token_key(std::string(43, 'x')));
  const std::string header = "Bearer " + local_token();
  TokenCache cache(1024);
  for (auto _ : state) {
    auto result = authenticate_bearer(header, verifier, cache, kNow);
    if (result) state.SkipWithError("accepted");
    benchmark::DoNotOptimize(result);
  }
}
BENCHMARK(bm_hs256_refused);

}  // namespace
}  // namespace mooring
