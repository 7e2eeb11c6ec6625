// Policies of callers without roles: keys, scopes, and credentials that may be absent.
#include "mooring/auth/policy.h"

#include <gtest/gtest.h>

#include <string_view>

namespace mooring {
namespace {

std::string_view code(const Policy& policy, const Identity* identity) {
  const Status allowed = allow(policy, identity);
  return allowed ? "allowed" : name_of(allowed.error().code);
}

Identity came_by(Caller caller, std::vector<std::string> scopes = {}) {
  return {.user = "u", .organization = "o", .scopes = std::move(scopes), .caller = caller};
}

TEST(Policy, AnyVerifiedKeyIsEnoughAndNobodyIsNot) {
  const Identity key = came_by(Caller::api_key);
  const Identity pair = came_by(Caller::partner_keys);
  const Identity token = came_by(Caller::bearer);
  EXPECT_EQ(code(kAttachments, &key), "allowed");
  EXPECT_EQ(code(kAttachments, &pair), "unauthenticated");
  EXPECT_EQ(code(kAttachments, &token), "unauthenticated");
  EXPECT_EQ(code(kAttachments, nullptr), "unauthenticated");
  EXPECT_EQ(code(kPartner, &pair), "allowed");
  EXPECT_EQ(code(kPartner, &key), "unauthenticated");
  EXPECT_EQ(code(kPartner, &token), "unauthenticated");
  EXPECT_EQ(code(kPartner, nullptr), "unauthenticated");
}

TEST(Policy, G2AnOptionalCallerMayBeNobodyButNotSomebodyElse) {
  const Identity pair = came_by(Caller::partner_keys);
  const Identity token = came_by(Caller::bearer);
  EXPECT_TRUE(kPartnerOptional.is_optional());
  EXPECT_FALSE(kPartner.is_optional());
  EXPECT_EQ(code(kPartnerOptional, nullptr), "allowed");
  EXPECT_EQ(code(kPartnerOptional, &pair), "allowed");
  EXPECT_EQ(code(kPartnerOptional, &token), "unauthenticated");
}

TEST(Policy, I19EitherScopeGrantsExactlyAndRolesDoNot) {
  for (const char* scope : {"images", "images:create"}) {
    const Identity who = came_by(Caller::bearer, {"products:read", scope});
    EXPECT_EQ(code(kImages, &who), "allowed") << scope;
  }
  for (const char* scope : {"", "image", "imagesx", "images:", "images:creat", "images:create ",
                            "IMAGES", "images images:create", "images:read"}) {
    const Identity who = came_by(Caller::bearer, {scope});
    EXPECT_EQ(code(kImages, &who), "forbidden") << scope;
  }
  Identity admin = came_by(Caller::bearer);
  admin.roles = {Role::admin};
  EXPECT_EQ(code(kImages, &admin), "forbidden");
  EXPECT_EQ(code(kImages, nullptr), "unauthenticated");
  const Identity key = came_by(Caller::api_key, {"images"});
  EXPECT_EQ(code(kImages, &key), "unauthenticated");
}

TEST(Policy, AnEmptySetOfRolesStillLetsNobodyIn) {
  constexpr Policy kNobody = Policy::of(Caller::bearer, {});
  Identity admin = came_by(Caller::bearer);
  admin.roles = {Role::admin};
  EXPECT_EQ(code(kNobody, &admin), "forbidden");
}

}  // namespace
}  // namespace mooring
