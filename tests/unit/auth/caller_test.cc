// From header to decision: bearer, token cache, policy.
#include <gtest/gtest.h>

#include "mooring/auth/bearer.h"
#include "mooring/auth/policy.h"
#include "mooring/auth/secret_compare.h"
#include "mooring/auth/token_cache.h"
#include "token_maker.h"

namespace mooring {
namespace {

VerifiedToken verified(std::string user, std::int64_t expires_unix_ms) {
  return {std::make_shared<const Identity>(Identity{.user = std::move(user), .organization = "o"}),
          expires_unix_ms};
}

TEST(Bearer, J28ExactlyOneTokenAfterTheScheme) {
  for (const char* header : {"Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "bEaReR a.b.c"})
    EXPECT_EQ(bearer_token(header).value_or(""), "a.b.c") << header;
  EXPECT_EQ(bearer_token("Bearer a==").value_or(""), "a==");
  for (const char* header :
       {"", "Bearer", "Bearer ", "Bearer  x", "Bearer\tx", "Bearer x y", "Bearer x ", " Bearer x",
        "Bearer x,Bearer y", "Bearer ==", "Bearer a=b", "Basic eDp5", "Bearerx", "x",
        "Bearer \"x\"", "Token x"}) {
    const auto token = bearer_token(header);
    ASSERT_FALSE(token.has_value()) << header;
    EXPECT_EQ(token.error().code, Errc::unauthenticated);
  }
}

TEST(Bearer, AuthenticatesAndRemembers) {
  const TokenVerifier verifier = verifier_of({secret_key()});
  TokenCache cache(16);
  const std::string header = "Bearer " + hs256_token(kHead, claims_with(""));
  const Result<IdentityPtr> first = authenticate_bearer(header, verifier, cache, kNow);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ((*first)->user, "user-1");
  const Result<IdentityPtr> second = authenticate_bearer(header, verifier, cache, kNow + 1);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(*first, *second) << "the same object: it came from the cache";
  EXPECT_EQ(authenticate_bearer(header, verifier, cache, kNow + 3'600'000).error().code,
            Errc::unauthenticated);
  EXPECT_EQ(authenticate_bearer(header + "x", verifier, cache, kNow).error().code,
            Errc::unauthenticated);
  EXPECT_EQ(authenticate_bearer("", verifier, cache, kNow).error().code, Errc::unauthenticated);
}

TEST(TokenCache, FindsOnlyTheIdenticalToken) {
  TokenCache cache(8);
  cache.insert("token", verified("u", kNow + 1000), kNow);
  ASSERT_NE(cache.find("token", kNow), nullptr);
  EXPECT_EQ(cache.find("token", kNow)->user, "u");
  EXPECT_EQ(cache.find("tokeN", kNow), nullptr);
  EXPECT_EQ(cache.find("token ", kNow), nullptr);
}

TEST(TokenCache, AnEntryDiesAtItsExp) {
  TokenCache cache(8);
  cache.insert("token", verified("u", kNow + 1000), kNow);
  EXPECT_NE(cache.find("token", kNow + 999), nullptr);
  EXPECT_EQ(cache.find("token", kNow + 1000), nullptr);
  EXPECT_EQ(cache.find("token", kNow), nullptr)
      << "what was seen expired is gone, whatever the clock does";
  cache.insert("late", verified("u", kNow), kNow);
  EXPECT_EQ(cache.find("late", kNow - 1), nullptr);
}

TEST(TokenCache, HoldsNoMoreThanItsCapacityAndKeepsTheHot) {
  TokenCache cache(64);
  EXPECT_EQ(cache.capacity(), 64u);
  cache.insert("hot", verified("hot", kNow + 1000), kNow);
  for (int i = 0; i < 10'000; ++i) {
    cache.insert("token " + std::to_string(i), verified("u", kNow + 1000), kNow);
    ASSERT_NE(cache.find("hot", kNow), nullptr) << i;
  }
  std::size_t held = 0;
  for (int i = 0; i < 10'000; ++i)
    held += cache.find("token " + std::to_string(i), kNow) != nullptr ? 1 : 0;
  EXPECT_LE(held, 63u);
  EXPECT_GE(held, 48u);
}

TEST(TokenCache, ExpiredEntriesGoFirstAndATokenTakesOnePlace) {
  TokenCache cache(4);
  cache.insert("short", verified("u", kNow + 10), kNow);
  for (const char* token : {"a", "b", "c"}) cache.insert(token, verified("u", kNow + 1000), kNow);
  for (int i = 0; i < 8; ++i) cache.insert("a", verified("u", kNow + 1000), kNow);
  ASSERT_NE(cache.find("short", kNow), nullptr);
  cache.insert("d", verified("u", kNow + 1000), kNow + 10);
  for (const char* token : {"a", "b", "c", "d"})
    EXPECT_NE(cache.find(token, kNow + 10), nullptr) << token;
}

TEST(TokenCache, KeepsNothingThatIsTooLongOrWhenOff) {
  TokenCache cache(4);
  cache.insert(std::string(kCachedTokenBytesMax, 'x'), verified("u", kNow + 1000), kNow);
  EXPECT_NE(cache.find(std::string(kCachedTokenBytesMax, 'x'), kNow), nullptr);
  cache.insert(std::string(kCachedTokenBytesMax + 1, 'x'), verified("u", kNow + 1000), kNow);
  EXPECT_EQ(cache.find(std::string(kCachedTokenBytesMax + 1, 'x'), kNow), nullptr);
  TokenCache off(0);
  off.insert("token", verified("u", kNow + 1000), kNow);
  EXPECT_EQ(off.find("token", kNow), nullptr);
  EXPECT_EQ(TokenCache::bytes_max(0), 0u);
  EXPECT_EQ(TokenCache::bytes_max(5), TokenCache::bytes_max(8));
}

TEST(Policy, TellsUnknownFromForbidden) {
  const auto code = [](const Policy& policy, const Identity* who) {
    const Status status = allow(policy, who);
    return status ? std::string_view("allowed") : name_of(status.error().code);
  };
  constexpr Policy kScoped = Policy::of(Caller::bearer, {Role::admin}, "assets:read");
  constexpr Policy kKey = Policy::of(Caller::api_key, {Role::admin});
  constexpr Policy kNobody = Policy::of(Caller::bearer, {});
  Identity admin{.user = "u", .organization = "o", .roles = {Role::admin}};
  const Identity stranger{.user = "u", .organization = "o"};

  EXPECT_EQ(code(kPublic, nullptr), "allowed");
  EXPECT_EQ(code(kPublic, &stranger), "allowed");
  EXPECT_EQ(code(kSweetConnect, nullptr), "unauthenticated");
  EXPECT_EQ(code(kSweetConnect, &stranger), "forbidden");
  for (const Role role : kRoles) {
    const Identity who{.user = "u", .organization = "o", .roles = {role}};
    EXPECT_EQ(code(kSweetConnect, &who), "allowed") << name_of(role);
    EXPECT_EQ(code(kSweetConnectAdmin, &who), role == Role::admin ? "allowed" : "forbidden")
        << name_of(role);
  }
  EXPECT_EQ(code(kNobody, &admin), "forbidden");
  EXPECT_EQ(code(kKey, &admin), "unauthenticated");
  EXPECT_EQ(code(kScoped, &admin), "forbidden");
  admin.scopes = {"assets:readwrite"};
  EXPECT_EQ(code(kScoped, &admin), "forbidden");
  admin.scopes = {"x", "assets:read"};
  EXPECT_EQ(code(kScoped, &admin), "allowed");
}

TEST(Policy, MustBeStated) {
  EXPECT_FALSE(std::is_default_constructible_v<Policy>);
}

TEST(Role, NamesGoThereAndBack) {
  for (const Role role : kRoles) EXPECT_EQ(role_from(name_of(role)), role);
  EXPECT_EQ(name_of(Role::manufacturer_admin), "manufacturer-admin");
  EXPECT_EQ(role_from("manufacturer_admin"), std::nullopt);
}

TEST(SecretCompare, ComparesAllBytes) {
  EXPECT_TRUE(secret_equal(as_bytes("secret"), as_bytes("secret")));
  EXPECT_FALSE(secret_equal(as_bytes("secret"), as_bytes("secreT")));
  EXPECT_FALSE(secret_equal(as_bytes("secret"), as_bytes("secre")));
  EXPECT_TRUE(secret_equal({}, {}));
}

}  // namespace
}  // namespace mooring
