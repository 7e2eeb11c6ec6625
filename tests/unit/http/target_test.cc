#include "mooring/http/target.h"

#include <gtest/gtest.h>

namespace mooring {
namespace {

std::vector<std::string> segments(std::string_view path) {
  const auto split = split_path(path);
  EXPECT_TRUE(split) << path;
  std::vector<std::string> result;
  for (std::size_t i = 0; split && i < split->size(); ++i) result.emplace_back((*split)[i]);
  return result;
}

using Texts = std::vector<std::string>;

TEST(Target, SplitsAndDecodesOnce) {
  EXPECT_EQ(segments("/"), Texts{});
  EXPECT_EQ(segments("/api/v1"), (Texts{"api", "v1"}));
  EXPECT_EQ(segments("/a%20b/%E2%82%AC"), (Texts{"a b", "\xe2\x82\xac"}));
  EXPECT_EQ(segments("/%252e%252e/x+y"), (Texts{"%2e%2e", "x+y"}));
  EXPECT_EQ(segments("/.../a..b/.x"), (Texts{"...", "a..b", ".x"}));
}

TEST(Target, RecordsTheTrailingSlash) {
  EXPECT_FALSE(split_path("/")->trailing_slash());
  EXPECT_FALSE(split_path("/a")->trailing_slash());
  EXPECT_TRUE(split_path("/a/")->trailing_slash());
  EXPECT_EQ(split_path("/a/")->size(), 1u);
}

TEST(Target, RefusesPathsOfTwoMeanings) {
  for (const char* path :
       {"",      "a",      "*",      "/.",    "/..",     "/a/../b", "/%2e%2E/x",
        "/.%2e", "/a%2fb", "/a%5Cb", "/a\\b", "/%00",    "/%0a",    "/%09",
        "/%7f",  "/%",     "/%4",    "/%zz",  "/%c0%af", "/%ff",    "/%ed%a0%80"})
    EXPECT_EQ(split_path(path).error().code, Errc::invalid) << path;
}

TEST(Target, KnowsNoRouteWithEmptyOrTooManySegments) {
  for (const char* path : {"//", "//a", "/a//b", "/a//"})
    EXPECT_EQ(split_path(path).error().code, Errc::not_found) << path;
  std::string deep;
  for (std::size_t i = 0; i < kPathSegmentsMax; ++i) deep += "/s";
  EXPECT_EQ(split_path(deep)->size(), kPathSegmentsMax);
  EXPECT_EQ(split_path(deep + "/s").error().code, Errc::not_found);
}

TEST(Target, KeepsQueryParametersInOrder) {
  const auto query = parse_query("b=2&a=1+%2B&&b=3&flag&empty=&a[0]=x=y&%C3%A9=%c3%a9");
  ASSERT_TRUE(query);
  const std::vector<std::pair<std::string, std::string>> expected = {{"b", "2"},
                                                                     {"a", "1 +"},
                                                                     {"b", "3"},
                                                                     {"flag", ""},
                                                                     {"empty", ""},
                                                                     {"a[0]", "x=y"},
                                                                     {"\xc3\xa9", "\xc3\xa9"}};
  ASSERT_EQ(query->all().size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(query->all()[i].name, expected[i].first);
    EXPECT_EQ(query->all()[i].value, expected[i].second);
  }
  EXPECT_EQ(query->find("b"), "2");
  EXPECT_EQ(query->count("b"), 2u);
  EXPECT_FALSE(query->find("B"));
  EXPECT_TRUE(parse_query("")->all().empty());
}

TEST(Target, RefusesQueriesThatDecodeToNoText) {
  for (const char* query : {"a=%", "a=%4", "a=%g0", "%zz=1", "a=%ff", "a=%00", "a=%c0%80"})
    EXPECT_EQ(parse_query(query).error().code, Errc::invalid) << query;
}

TEST(Target, EncodingIsUndoneByDecoding) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  std::string encoded, decoded;
  percent_encode(all, encoded);
  EXPECT_EQ(encoded.find_first_not_of(
                "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz%-._~"),
            std::string::npos);
  ASSERT_TRUE(percent_decode(encoded, decoded));
  EXPECT_EQ(decoded, all);
}

}  // namespace
}  // namespace mooring
