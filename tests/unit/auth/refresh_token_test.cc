// Refresh tokens: what comes back, and that nothing else does.
#include "mooring/auth/refresh_token.h"

#include <gtest/gtest.h>

#include "mooring/auth/issuer.h"
#include "mooring/auth/jwt.h"

namespace mooring {
namespace {

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";
constexpr std::int64_t kNow = 1'740'657'600'000;

struct RefreshTokens : testing::Test {
  RefreshToken token{new_uuid(), 7, kNow};
  std::string text = mint_refresh_token(token, "client", kSecret);

  std::optional<RefreshToken> read(std::string_view given, std::string_view client = "client",
                                   std::string_view secret = kSecret, std::int64_t now = kNow) {
    const Result<RefreshToken> found = read_refresh_token(given, client, secret, now);
    if (!found) EXPECT_EQ(found.error().code, Errc::unauthenticated);
    return found ? std::optional(*found) : std::nullopt;
  }
};

TEST_F(RefreshTokens, ComeBackAsTheyWereMade) {
  EXPECT_EQ(read(text), token);
}

TEST_F(RefreshTokens, AreOfOneClientAndOneSecret) {
  EXPECT_EQ(read(text, "clienT"), std::nullopt);
  EXPECT_EQ(read(text, "client2"), std::nullopt);
  EXPECT_EQ(read(text, ""), std::nullopt);
  EXPECT_EQ(read(text, "client", "0123456789abcdef0123456789abcdeF"), std::nullopt);
}

TEST_F(RefreshTokens, EndWithTheirLifetime) {
  EXPECT_EQ(read(text, "client", kSecret, kNow + kRefreshLifetimeMs), token);
  EXPECT_EQ(read(text, "client", kSecret, kNow + kRefreshLifetimeMs + 1), std::nullopt);
}

TEST_F(RefreshTokens, WithAnyCharacterChangedAreRefused) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(read(changed), std::nullopt) << i;
    EXPECT_EQ(read(text.substr(0, i)), std::nullopt) << i;
  }
  for (const char* tail : {"A", ".", ".A", "=", " "}) EXPECT_EQ(read(text + tail), std::nullopt);
  EXPECT_EQ(read(""), std::nullopt);
  EXPECT_EQ(read("."), std::nullopt);
}

TEST_F(RefreshTokens, AndAccessTokensDoNotPassForEachOther) {
  const auto verifier = TokenVerifier::make({local_token_key(std::string(kSecret))});
  ASSERT_TRUE(verifier);
  EXPECT_FALSE(verifier->verify(text, kNow));
  const Result<std::string> access =
      mint_token({.subject = "s", .organization = "o"}, kSecret, kNow);
  ASSERT_TRUE(access);
  EXPECT_EQ(read(*access), std::nullopt);
}

TEST(TokenClients, AreFoundByIdAndSecretTogether) {
  const std::vector<TokenClient> clients = {{.id = "a", .secret = "sesame:open"},
                                            {.id = "b", .secret = "other"}};
  // "a:sesame:open", "b:other"
  EXPECT_EQ(find_token_client(clients, "Basic YTpzZXNhbWU6b3Blbg=="), &clients[0]);
  EXPECT_EQ(find_token_client(clients, "bASIC YjpvdGhlcg=="), &clients[1]);
  for (const char* wrong :
       {"", "Basic", "Basic ", "Basic YTpvdGhlcg==" /* a:other */, "Basic Yg==" /* b */,
        "Basic OnNlc2FtZTpvcGVu" /* :sesame:open */, "Basic ***",
        "Bearer YjpvdGhlcg==", "Basic  YjpvdGhlcg==", "Basic YjpvdGhlcng=" /* b:otherx */})
    EXPECT_EQ(find_token_client(clients, wrong), nullptr) << wrong;
}

}  // namespace
}  // namespace mooring
