#include "mooring/http/conditional.h"

#include <gtest/gtest.h>

#include <string>

namespace mooring {
namespace {

constexpr const char* kBefore = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr const char* kSame = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* kAfter = "Sun, 06 Nov 1994 08:49:38 GMT";
constexpr Validators kCurrent{"abc", 784111777};

ConditionalOutcome evaluate(std::vector<Field> fields, Method method = Method::get,
                            const Validators* current = &kCurrent) {
  RequestHead head;
  head.method = method;
  head.fields = fields;
  return evaluate_conditions(head, current);
}

Precondition judge(std::vector<Field> fields, Method method = Method::get,
                   const Validators* current = &kCurrent) {
  return evaluate(std::move(fields), method, current).precondition;
}

TEST(Conditional, NoneMatchAnswersNotModifiedToReads) {
  for (const char* list :
       {"\"abc\"", "W/\"abc\"", "*", "\"x\", \"abc\"", "\"a,b\" ,\"abc\"", "\"x\",,\"abc\""})
    EXPECT_EQ(judge({{"If-None-Match", list}}), Precondition::not_modified) << list;
  for (const char* list : {"\"abd\"", "abc", "\"abc", "", "\"x\" \"abc\"", "\"ABC\""})
    EXPECT_EQ(judge({{"If-None-Match", list}}), Precondition::proceed) << list;
  EXPECT_EQ(judge({{"If-None-Match", "*"}}, Method::head), Precondition::not_modified);
  EXPECT_EQ(judge({{"If-None-Match", "*"}}, Method::put), Precondition::precondition_failed);
  EXPECT_EQ(judge({{"If-None-Match", "*"}}, Method::put, nullptr), Precondition::proceed);
}

TEST(Conditional, MatchComparesStrongly) {
  EXPECT_EQ(judge({{"If-Match", "\"abc\""}}), Precondition::proceed);
  EXPECT_EQ(judge({{"If-Match", "*"}}), Precondition::proceed);
  EXPECT_EQ(judge({{"If-Match", "W/\"abc\""}}), Precondition::precondition_failed);
  EXPECT_EQ(judge({{"If-Match", "\"x\""}}), Precondition::precondition_failed);
  EXPECT_EQ(judge({{"If-Match", "*"}}, Method::put, nullptr), Precondition::precondition_failed);
}

TEST(Conditional, DatesAreComparedToTheSecond) {
  EXPECT_EQ(judge({{"If-Modified-Since", kBefore}}), Precondition::proceed);
  EXPECT_EQ(judge({{"If-Modified-Since", kSame}}), Precondition::not_modified);
  EXPECT_EQ(judge({{"If-Modified-Since", kAfter}}), Precondition::not_modified);
  EXPECT_EQ(judge({{"If-Modified-Since", kSame}}, Method::post), Precondition::proceed);
  EXPECT_EQ(judge({{"If-Modified-Since", "yesterday"}}), Precondition::proceed);
  EXPECT_EQ(judge({{"If-Unmodified-Since", kBefore}}), Precondition::precondition_failed);
  EXPECT_EQ(judge({{"If-Unmodified-Since", kSame}}), Precondition::proceed);
  EXPECT_EQ(judge({{"If-Unmodified-Since", "yesterday"}}), Precondition::proceed);
}

TEST(Conditional, TagsTakePrecedenceOverDates) {
  EXPECT_EQ(judge({{"If-None-Match", "\"x\""}, {"If-Modified-Since", kAfter}}),
            Precondition::proceed);
  EXPECT_EQ(judge({{"If-Match", "\"abc\""}, {"If-Unmodified-Since", kBefore}}),
            Precondition::proceed);
  EXPECT_EQ(judge({{"If-Match", "\"x\""}, {"If-None-Match", "\"abc\""}}),
            Precondition::precondition_failed);
}

TEST(Conditional, RangeAppliesUnlessIfRangeFails) {
  EXPECT_EQ(evaluate({{"Range", "bytes=0-1"}}).range, "bytes=0-1");
  EXPECT_EQ(evaluate({{"Range", "bytes=0-1"}, {"If-Range", "\"abc\""}}).range, "bytes=0-1");
  EXPECT_EQ(evaluate({{"Range", "bytes=0-1"}, {"If-Range", kSame}}).range, "bytes=0-1");
  for (const char* condition : {"\"x\"", "W/\"abc\"", kBefore, kAfter, "abc", "\"abc\" x"})
    EXPECT_EQ(evaluate({{"Range", "bytes=0-1"}, {"If-Range", condition}}).range, "") << condition;
  EXPECT_EQ(evaluate({{"Range", "bytes=0-1"}}, Method::head).range, "");
  EXPECT_EQ(evaluate({{"Range", "bytes=0-1"}, {"If-None-Match", "*"}}).range, "");
}

}  // namespace
}  // namespace mooring
