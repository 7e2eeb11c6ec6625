#include "mooring/app/router.h"

#include <gtest/gtest.h>

#include "mooring/app/config.h"
#include "mooring/app/own_routes.h"

namespace mooring {
namespace {

Task<Response> answer(Exchange&) {
  co_return Response{};
}
Response render(const Error&) {
  return {};
}

constexpr std::string_view kPrefixes[] = {"/v1", "/api/x"};
const Envelope kEnvelope{kPrefixes, &render};
constexpr std::string_view kLongerPrefixes[] = {"/v1/deep"};
const Envelope kLongerEnvelope{kLongerPrefixes, &render};

constexpr Route kRoutes[] = {
    {Method::get, "/v1/things", kPublic, &answer},
    {Method::post, "/v1/things", kPublic, &answer},
    {Method::get, "/v1/things/{id}", kPublic, &answer},
    {Method::get, "/v1/things/tree", kPublic, &answer},
    {Method::del, "/v1/things/{id}/picture", kPublic, &answer},
    {Method::get, "/v1/{kind}/special", kPublic, &answer},
};
const ResourceFamily kFamily{"things", kRoutes, kEnvelope};
const ResourceFamily kOther{"deep", {}, kLongerEnvelope};

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    router_.add(kFamily);
    router_.add(kOther);
  }
  [[nodiscard]] RouteMatch find(Method method, std::string_view path) const {
    return router_.find(method, *split_path(path));
  }
  Router router_;
};

TEST_F(RouterTest, FindsByMethodAndPath) {
  EXPECT_EQ(find(Method::get, "/v1/things").route, &kRoutes[0]);
  EXPECT_EQ(find(Method::post, "/v1/things").route, &kRoutes[1]);
  EXPECT_EQ(find(Method::get, "/v1/things/7").route, &kRoutes[2]);
  EXPECT_EQ(find(Method::get, "/v1/things").family, &kFamily);
}

TEST_F(RouterTest, ALiteralWinsOverAParameter) {
  EXPECT_EQ(find(Method::get, "/v1/things/tree").route, &kRoutes[3]);
  EXPECT_EQ(find(Method::get, "/v1/others/special").route, &kRoutes[5]);
  // "things" leads nowhere with "special" as a route of its own: there it is an id.
  EXPECT_EQ(find(Method::get, "/v1/things/special").route, &kRoutes[2]);
}

TEST_F(RouterTest, X5ATrailingSlashIsAccepted) {
  EXPECT_EQ(find(Method::get, "/v1/things/").route, &kRoutes[0]);
}

TEST_F(RouterTest, X6HeadIsGetAndOtherMethodsAreTold) {
  EXPECT_EQ(find(Method::head, "/v1/things").route, &kRoutes[0]);
  const RouteMatch match = find(Method::put, "/v1/things");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allow, "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(find(Method::get, "/v1/things/7/picture").allow, "DELETE, OPTIONS");
}

TEST_F(RouterTest, UnknownPathsHaveNoAllow) {
  for (const char* path :
       {"/", "/v1", "/v1/thing", "/v1/things/7/nothing", "/v1/things/7/picture/x"})
    EXPECT_TRUE(find(Method::get, path).allow.empty()) << path;
}

TEST_F(RouterTest, X1TheLongestPrefixChoosesTheEnvelope) {
  EXPECT_EQ(router_.envelope_of("/v1"), &kEnvelope);
  EXPECT_EQ(router_.envelope_of("/v1/anything"), &kEnvelope);
  EXPECT_EQ(router_.envelope_of("/v1/deep/x"), &kLongerEnvelope);
  EXPECT_EQ(router_.envelope_of("/v1/deeper"), &kEnvelope);
  EXPECT_EQ(router_.envelope_of("/v12"), nullptr);
  EXPECT_EQ(router_.envelope_of("/"), nullptr);
}

TEST(RouteTable, HasAPolicyAndAnEnvelopeForEveryRoute) {
  Config config;
  config.server.debug_routes = true;
  const Router router = make_router(config);
  EXPECT_GE(router.routes().size(), 20u);
  for (const Route* route : router.routes()) {
    EXPECT_TRUE(route->pattern.starts_with('/'));
    EXPECT_NE(route->handler, nullptr);
  }
}

}  // namespace
}  // namespace mooring
