// What a token may look like: the cases J01 to J24 of the threat list that concern form, head and
// claims.
#include "mooring/auth/jwt.h"

#include <gtest/gtest.h>

#include <random>

#include "token_maker.h"

namespace mooring {
namespace {

class Jwt : public testing::Test {
 protected:
  void refused_head(std::string_view head) {
    expect_refused(verifier_, hs256_token(head, claims_with("")));
  }
  void refused_claims(std::string_view claims) {
    expect_refused(verifier_, hs256_token(kHead, claims));
  }
  void accepted_claims(std::string_view claims) {
    expect_accepted(verifier_, hs256_token(kHead, claims));
  }
  Identity identity(std::string_view claims) {
    const Result<VerifiedToken> result = verifier_.verify(hs256_token(kHead, claims), kNow);
    EXPECT_TRUE(result.has_value()) << claims;
    return result ? *result->identity : Identity{};
  }

  TokenVerifier verifier_ = verifier_of({secret_key()});
  std::string good_ = hs256_token(kHead, claims_with(""));
};

TEST_F(Jwt, AGoodTokenBecomesAnIdentity) {
  const Result<VerifiedToken> result = verifier_.verify(
      hs256_token(kHead,
                  R"({"sub":"u","organizationId":"org-5678","exp":1740657700,)"
                  R"("roles":["manufacturer-admin","producer-user"],"scope":"assets:read x"})"),
      kNow);
  ASSERT_TRUE(result.has_value());
  const Identity& who = *result->identity;
  EXPECT_EQ(who.user, "u");
  EXPECT_EQ(who.organization, "org-5678");
  EXPECT_EQ(who.roles, (RoleSet{Role::manufacturer_admin, Role::producer_user}));
  EXPECT_EQ(who.scopes, (std::vector<std::string>{"assets:read", "x"}));
  EXPECT_EQ(who.caller, Caller::bearer);
  EXPECT_EQ(result->expires_unix_ms, 1'740'657'700'000);
}

TEST_F(Jwt, WithoutKeysNothingIsAccepted) {
  expect_refused(verifier_of({}), good_);
}

TEST_F(Jwt, J01ToJ05AlgMustBeTheKeysOwn) {
  for (const char* head :
       {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":"nOnE"})", R"({"alg":""})",
        R"({"typ":"JWT"})", R"({"alg":"hs256"})", R"({"alg":null})", R"({"alg":["HS256"]})",
        R"({"alg":"HS256 "})", R"({"alg":"HS256\u0000"})"}) {
    refused_head(head);
    expect_refused(verifier_, unsigned_token(head, claims_with("")) + ".");
    expect_refused(verifier_, unsigned_token(head, claims_with("")));
  }
}

TEST_F(Jwt, J07AnotherAlgorithmThanTheKeysIsRefused) {
  for (const char* head : {R"({"alg":"HS384"})", R"({"alg":"HS512"})", R"({"alg":"RS256"})",
                           R"({"alg":"ES256"})", R"({"alg":"PS256"})", R"({"alg":"EdDSA"})"})
    refused_head(head);
}

TEST_F(Jwt, J11ExactlyThreeParts) {
  const std::string text = unsigned_token(kHead, claims_with(""));
  expect_accepted(verifier_, good_);
  expect_refused(verifier_, "");
  expect_refused(verifier_, ".");
  expect_refused(verifier_, "..");
  expect_refused(verifier_, text + ".");
  expect_refused(verifier_, text);
  expect_refused(verifier_, good_ + ".");
  expect_refused(verifier_, good_ + ".x");
  expect_refused(verifier_, good_ + ".eA.eA");
  expect_refused(verifier_, "." + good_);
  expect_refused(verifier_, good_ + "\n");
  expect_refused(verifier_, " " + good_);
  expect_refused(verifier_, good_ + std::string(1, '\0'));
}

TEST_F(Jwt, J12OnlyCanonicalBase64Url) {
  expect_refused(verifier_, good_ + "=");
  for (const char letter : {'=', '+', '/', ' ', '\t', '\n', '%'}) {
    for (const std::size_t at : {std::size_t{3}, good_.find('.') + 3, good_.rfind('.') + 3}) {
      std::string token = good_;
      token[at] = letter;
      expect_refused(verifier_, token);
      token = good_;
      token.insert(at, 1, letter);
      expect_refused(verifier_, token);
    }
  }
  // 32 bytes end in a letter with two bits left over: three of its four spellings must fail.
  int accepted = 0;
  for (const char letter :
       std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
    accepted +=
        verifier_.verify(good_.substr(0, good_.size() - 1) + letter, kNow).has_value() ? 1 : 0;
  EXPECT_EQ(accepted, 1);
}

TEST_F(Jwt, J13KeysInTheHeadAreNotUsed) {
  // Signed by the secret the head offers: refused. Signed by ours: the offer is ignored.
  const std::string head =
      R"({"alg":"HS256","jku":"http://127.0.0.1:1/keys","x5u":"http://127.0.0.1:1/","x5c":["AA"],)"
      R"("jwk":{"kty":"oct","k":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE"}})";
  expect_refused(verifier_, hs256_token(head, claims_with(""), std::string(32, 'a')));
  expect_accepted(verifier_, hs256_token(head, claims_with("")));
}

TEST(JwtKid, J14SelectsOnlyWithinTheSet) {
  const std::string other(48, 'o');
  const TokenVerifier two =
      verifier_of({secret_key("one"),
                   TokenKey{.kid = "two", .algorithm = TokenAlgorithm::hs256, .material = other}});
  const auto head = [](const std::string& kid) { return R"({"alg":"HS256","kid":)" + kid + "}"; };
  expect_accepted(two, hs256_token(head("\"one\""), claims_with("")));
  expect_accepted(two, hs256_token(head("\"two\""), claims_with(""), other));
  expect_refused(two, hs256_token(head("\"two\""), claims_with("")));
  expect_refused(two, hs256_token(kHead, claims_with("")));
  for (const std::string kid : {"\"three\"", "\"../../dev/null\"", "\"' or 1=1\"", "\"one\\u0000\"",
                                "\"\"", "[\"one\"]", "null", "1", "\"One\""})
    expect_refused(two, hs256_token(head(kid), claims_with("")));
  expect_refused(two, hs256_token(head("\"" + std::string(10'000, 'k') + "\""), claims_with("")));

  // Without kid: the only key, or the only one that has none.
  expect_accepted(verifier_of({secret_key("one")}), hs256_token(kHead, claims_with("")));
  const TokenVerifier unnamed =
      verifier_of({secret_key(),
                   TokenKey{.kid = "two", .algorithm = TokenAlgorithm::hs256, .material = other}});
  expect_accepted(unnamed, hs256_token(kHead, claims_with("")));
  expect_refused(unnamed, hs256_token(kHead, claims_with(""), other));
}

TEST_F(Jwt, J15CritIsRefused) {
  for (const char* crit : {R"(["exp"])", R"(["x"])", "[]", "null", R"("exp")"})
    refused_head(R"({"alg":"HS256","crit":)" + std::string(crit) + "}");
}

TEST_F(Jwt, J16UnencodedCompressedAndEncryptedTokensAreRefused) {
  refused_head(R"({"alg":"HS256","b64":false,"crit":["b64"]})");
  refused_head(R"({"alg":"HS256","b64":false})");
  refused_head(R"({"alg":"HS256","zip":"DEF"})");
  refused_head(R"({"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483648})");
}

TEST_F(Jwt, J17ANameTwiceIsRefused) {
  refused_head(R"({"alg":"HS256","alg":"HS256"})");
  refused_head(R"({"alg":"HS256","\u0061lg":"none"})");
  refused_claims(claims_with(R"(,"sub":"user-1")"));
  refused_claims(claims_with(R"(,"exp":1740658200)"));
  refused_claims(claims_with(R"(,"\u0072oles":["admin"])"));
}

TEST_F(Jwt, J18OversizedDeepAndBrokenTextIsRefused) {
  refused_claims(claims_with(R"(,"x":)" + std::string(2'500, '[') + std::string(2'500, ']')));
  refused_claims(claims_with(R"(,"x":)" + std::string(64, '[') + std::string(64, ']')));
  refused_claims(claims_with(R"(,"x":")" + std::string(1'000'000, 'x') + "\""));
  refused_claims(claims_with(",\"x\":\"\xff\""));
  refused_claims(R"({"sub":"a\u0000b","organizationId":"o","exp":1740658200})");
  refused_claims(R"({"sub":"a","organizationId":"o\n","exp":1740658200})");
  refused_claims("[]");
  refused_claims(claims_with("") + " {}");
  refused_head("[\"alg\"]");
}

TEST_F(Jwt, TheLimitOfATokenIsInclusive) {
  const std::size_t bare = hs256_token(kHead, claims_with(R"(,"x":"")")).size();
  // Four letters of the token for three bytes of the claims.
  const std::size_t room = (kTokenBytesMax - bare) * 3 / 4;
  std::string token;
  std::size_t fill = room - 4;
  while (token.size() < kTokenBytesMax)
    token = hs256_token(kHead, claims_with(R"(,"x":")" + std::string(fill++, 'x') + "\""));
  if (token.size() == kTokenBytesMax) expect_accepted(verifier_, token);
  expect_accepted(verifier_,
                  hs256_token(kHead, claims_with(R"(,"x":")" + std::string(room - 4, 'x') + "\"")));
  expect_refused(verifier_,
                 hs256_token(kHead, claims_with(R"(,"x":")" + std::string(room + 4, 'x') + "\"")));
}

TEST_F(Jwt, J19ExpIsRequiredSaneAndNotPast) {
  refused_claims(R"({"sub":"u","organizationId":"o"})");
  for (const char* expires :
       {"0", "-1", "\"1740658200\"", "1e400", "1740658200.0", "1.7406582e9", "null", "true",
        "9223372036854775807", "99999999999999999999", "-9223372036854775808"})
    refused_claims(R"({"sub":"u","organizationId":"o","exp":)" + std::string(expires) + "}");
  accepted_claims(claims_with("", kNowSeconds + 1));
  accepted_claims(claims_with("", kNowSeconds - 59));
  refused_claims(claims_with("", kNowSeconds - 60));
  refused_claims(claims_with("", kNowSeconds - 61));
}

TEST_F(Jwt, J20NotBeforeItsTimeAndNotTooFarAhead) {
  for (const char* name : {"nbf", "iat"}) {
    const auto claim = [&](std::int64_t time) {
      return ",\"" + std::string(name) + "\":" + std::to_string(time);
    };
    accepted_claims(claims_with(claim(kNowSeconds)));
    accepted_claims(claims_with(claim(kNowSeconds + 60)));
    refused_claims(claims_with(claim(kNowSeconds + 61)));
    refused_claims(claims_with(claim(-1)));
    refused_claims(claims_with(",\"" + std::string(name) + "\":\"1\""));
    refused_claims(claims_with(",\"" + std::string(name) + "\":1.5"));
  }
  constexpr std::int64_t kDay = 24 * 60 * 60;
  accepted_claims(claims_with("", kNowSeconds + kDay));
  refused_claims(claims_with("", kNowSeconds + kDay + 61));
  TokenKey unlimited = secret_key();
  unlimited.lifetime_seconds_max = 0;
  expect_accepted(verifier_of({unlimited}),
                  hs256_token(kHead, claims_with("", kNowSeconds + 400 * kDay)));
}

TEST(JwtIssuer, J21MustBeTheKeysOwn) {
  TokenKey key = secret_key();
  key.issuer = "https://id.example/realm";
  const TokenVerifier verifier = verifier_of({key});
  const auto token = [](const std::string& issuer) {
    return hs256_token(kHead, claims_with(",\"iss\":" + issuer));
  };
  expect_accepted(verifier, token("\"https://id.example/realm\""));
  expect_refused(verifier, token("\"https://id.example/realm/\""));
  expect_refused(verifier, token("\"https://ID.example/realm\""));
  expect_refused(verifier, token("[\"https://id.example/realm\"]"));
  expect_refused(verifier, hs256_token(kHead, claims_with("")));
}

TEST(JwtAudience, J22MustNameUs) {
  TokenKey key = secret_key();
  key.audience = "mooring";
  const TokenVerifier verifier = verifier_of({key});
  const auto token = [](const std::string& audience) {
    return hs256_token(kHead, claims_with(",\"aud\":" + audience));
  };
  expect_accepted(verifier, token("\"mooring\""));
  expect_accepted(verifier, token("[\"other\",\"mooring\"]"));
  expect_refused(verifier, token("[\"other\"]"));
  expect_refused(verifier, token("[]"));
  expect_refused(verifier, token("[\"mooring\",1]"));
  expect_refused(verifier, token("\"mooring2\""));
  expect_refused(verifier, token("\"moor\""));
  expect_refused(verifier, token("{\"mooring\":1}"));
  expect_refused(verifier, hs256_token(kHead, claims_with("")));
}

TEST_F(Jwt, J23OnlyAccessTokens) {
  for (const char* type : {"JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt"})
    expect_accepted(verifier_, hs256_token(R"({"alg":"HS256","typ":")" + std::string(type) + "\"}",
                                           claims_with("")));
  expect_accepted(verifier_, hs256_token(R"({"alg":"HS256"})", claims_with("")));
  for (const char* type : {"\"ID\"", "\"Refresh\"", "\"logout+jwt\"", "\"dpop+jwt\"", "\"\"", "1",
                           "[\"JWT\"]", "null"})
    refused_head(R"({"alg":"HS256","typ":)" + std::string(type) + "}");
  accepted_claims(claims_with(R"(,"typ":"Bearer","token_use":"access")"));
  for (const char* claim : {R"(,"typ":"ID")", R"(,"typ":"Refresh")", R"(,"token_use":"id")",
                            R"(,"at_hash":"x")", R"(,"c_hash":"x")", R"(,"events":{})"})
    refused_claims(claims_with(claim));
}

TEST_F(Jwt, J24UnknownRolesGiveNoRight) {
  const auto roles = [&](const std::string& claim) {
    return identity(R"({"sub":"u","organizationId":"o","exp":1740658200,)" + claim + "}").roles;
  };
  EXPECT_EQ(roles(R"("role":"admin")"), RoleSet{Role::admin});
  EXPECT_EQ(roles(R"("roles":["admin","sales-agent"])"), RoleSet{Role::admin});
  for (const char* claim :
       {R"("role":"admin ")", R"("role":" admin")", R"("role":"Admin")", R"("role":"ADMIN")",
        R"("role":"\u0430dmin")", R"("role":"admin\u0000")", R"("role":"admin,producer-user")",
        R"("role":"sales-agent")", R"("role":"")", R"("roles":[])", R"("x":1)",
        R"("roles":["manufacturer_admin"])", R"("roles":["sales-agent"],"role":"admin")"})
    EXPECT_TRUE(roles(claim).empty()) << claim;
  for (const char* claim :
       {R"(,"roles":"admin")", R"(,"roles":[["admin"]])", R"(,"roles":{"admin":true})"})
    refused_claims(R"({"sub":"u","organizationId":"o","exp":1740658200)" + std::string(claim) +
                   "}");
  refused_claims(R"({"sub":"u","organizationId":"o","exp":1740658200,"role":["admin"]})");
}

TEST_F(Jwt, AUserAndAnOrganizationAreRequired) {
  EXPECT_EQ(identity(R"({"sub":"u","organization":"a","exp":1740658200})").organization, "a");
  EXPECT_EQ(identity(R"({"sub":"u","org":"b","exp":1740658200})").organization, "b");
  EXPECT_EQ(identity(R"({"sub":"u","org":"b","organizationId":"c","exp":1740658200})").organization,
            "c");
  refused_claims(R"({"organizationId":"o","exp":1740658200})");
  refused_claims(R"({"sub":"","organizationId":"o","exp":1740658200})");
  refused_claims(R"({"sub":7,"organizationId":"o","exp":1740658200})");
  refused_claims(R"({"sub":"u","exp":1740658200})");
  refused_claims(R"({"sub":"u","organizationId":"","exp":1740658200})");
  refused_claims(R"({"sub":"u","organizationId":["o"],"org":"o","exp":1740658200})");
  accepted_claims(R"({"sub":")" + std::string(kTokenNameBytesMax, 'u') +
                  R"(","org":"o","exp":1740658200})");
  refused_claims(R"({"sub":")" + std::string(kTokenNameBytesMax + 1, 'u') +
                 R"(","org":"o","exp":1740658200})");
}

TEST_F(Jwt, ScopesAreSplitAtSpacesAndMatchedExactly) {
  const Identity who = identity(claims_with(R"(,"scope":" assets:readwrite  b ")"));
  EXPECT_EQ(who.scopes, (std::vector<std::string>{"assets:readwrite", "b"}));
  EXPECT_FALSE(who.has_scope("assets:read"));
  EXPECT_TRUE(who.has_scope("assets:readwrite"));
  refused_claims(claims_with(R"(,"scope":["a"])"));
  std::string scopes = "a";
  for (std::size_t i = 1; i < kTokenScopesMax; ++i) scopes += " a";
  accepted_claims(claims_with(",\"scope\":\"" + scopes + "\""));
  refused_claims(claims_with(",\"scope\":\"" + scopes + " a\""));
}

TEST_F(Jwt, J27AClockTenMinutesOffIsOnlyForgivenTheLeeway) {
  const std::string token =
      hs256_token(kHead, claims_with(",\"iat\":" + std::to_string(kNowSeconds), kNowSeconds + 300));
  expect_accepted(verifier_, token, kNow);
  expect_refused(verifier_, token, kNow + 600'000);
  expect_refused(verifier_, token, kNow - 600'000);
}

TEST_F(Jwt, J30NoMutationOfAGoodTokenIsAccepted) {
  std::mt19937 random(20'250'227);
  int different = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string token = good_;
    const auto at = random() % token.size();
    switch (random() % 4) {
      case 0:
        token[at] = static_cast<char>(random());
        break;
      case 1:
        token.erase(at, 1 + random() % 3);
        break;
      case 2:
        token.insert(at, 1, token[random() % token.size()]);
        break;
      default:
        std::swap(token[at], token[random() % token.size()]);
        break;
    }
    if (token == good_) continue;
    ++different;
    ASSERT_FALSE(verifier_.verify(token, kNow).has_value()) << token;
  }
  EXPECT_GT(different, 100'000);
}

}  // namespace
}  // namespace mooring
