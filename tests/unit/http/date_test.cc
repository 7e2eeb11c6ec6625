#include "mooring/http/date.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

namespace mooring {
namespace {

std::string text_of(std::int64_t unix_s) {
  const auto date = format_http_date(unix_s);
  return {date.data(), date.size()};
}

TEST(HttpDate, FormatsTheExampleOfTheRfc) {
  EXPECT_EQ(text_of(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(text_of(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(text_of(INT64_MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(text_of(INT64_MIN), "Mon, 01 Jan 0001 00:00:00 GMT");
}

TEST(HttpDate, AgreesWithTheCLibrary) {
  for (std::int64_t t = -3'000'000'000; t < 9'000'000'000; t += 7'654'321) {
    const std::time_t time = t;
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    char expected[64];
    std::strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    ASSERT_EQ(text_of(t), expected);
    ASSERT_EQ(parse_http_date(expected), t);
  }
}

TEST(HttpDate, ParsesAllThreeForms) {
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"})
    EXPECT_EQ(parse_http_date(text), 784111777) << text;
  EXPECT_EQ(parse_http_date("Wed Nov 16 08:49:37 1994"), 784975777);
  EXPECT_EQ(text_of(*parse_http_date("Monday, 01-Jan-24 00:00:00 GMT")),
            "Mon, 01 Jan 2024 00:00:00 GMT");
}

TEST(HttpDate, RefusesEverythingElse) {
  for (const char* text :
       {"", "0", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 ovD 1994 08:49:37 GMT", "Xxx, 06 Nov 1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994",
        "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 19x4 08:49:37 GMT"})
    EXPECT_FALSE(parse_http_date(text)) << text;
}

TEST(HttpDate, CacheFollowsTheSecond) {
  DateCache cache;
  EXPECT_EQ(cache.at(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(cache.at(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(cache.at(784111778), "Sun, 06 Nov 1994 08:49:38 GMT");
  EXPECT_EQ(cache.at(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace mooring
