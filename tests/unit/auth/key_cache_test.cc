#include "mooring/auth/key_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace mooring {
namespace {

IdentityPtr somebody(std::string user) {
  return std::make_shared<const Identity>(Identity{.user = std::move(user)});
}

constexpr KeyCredentials kShown{Caller::partner_keys, "partner", "developer"};

TEST(KeyCache, FindsExactlyWhatWasShown) {
  KeyCache cache(16);
  EXPECT_EQ(cache.find(kShown, 1, 0), nullptr);
  cache.insert(kShown, 1, 100, somebody("a"));
  ASSERT_NE(cache.find(kShown, 1, 0), nullptr);
  EXPECT_EQ(cache.find(kShown, 1, 0)->user, "a");
  EXPECT_EQ(cache.find({Caller::api_key, "partner", "developer"}, 1, 0), nullptr);
  EXPECT_EQ(cache.find({Caller::partner_keys, "partnerd", "eveloper"}, 1, 0), nullptr);
  EXPECT_EQ(cache.find({Caller::partner_keys, "partner", "Developer"}, 1, 0), nullptr);
  EXPECT_EQ(cache.find({Caller::partner_keys, "partner", ""}, 1, 0), nullptr);
}

TEST(KeyCache, I2_AProofHoldsForOneGenerationAndUntilItIsDue) {
  KeyCache cache(16);
  cache.insert(kShown, 7, 100, somebody("a"));
  EXPECT_NE(cache.find(kShown, 7, 99), nullptr);
  EXPECT_EQ(cache.find(kShown, 7, 100), nullptr);
  EXPECT_EQ(cache.find(kShown, 8, 99), nullptr);
}

TEST(KeyCache, I3_LongCredentialsAreNotKept) {
  KeyCache cache(16);
  const std::string longest(kCachedCredentialBytesMax, 'x');
  cache.insert({Caller::api_key, longest, ""}, 1, 100, somebody("a"));
  EXPECT_NE(cache.find({Caller::api_key, longest, ""}, 1, 0), nullptr);
  cache.insert({Caller::api_key, longest, "y"}, 1, 100, somebody("a"));
  EXPECT_EQ(cache.find({Caller::api_key, longest, "y"}, 1, 0), nullptr);
}

TEST(KeyCache, WithoutPlacesNothingIsKept) {
  KeyCache cache(0);
  cache.insert(kShown, 1, 100, somebody("a"));
  EXPECT_EQ(cache.find(kShown, 1, 0), nullptr);
  EXPECT_EQ(KeyCache::bytes_max(0), 0u);
}

}  // namespace
}  // namespace mooring
