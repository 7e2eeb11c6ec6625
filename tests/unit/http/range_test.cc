#include "mooring/http/range.h"

#include <gtest/gtest.h>

namespace mooring {
namespace {

TEST(Range, SatisfiableRangesOfTenBytes) {
  struct {
    const char* value;
    std::uint64_t first, last;
  } const rows[] = {{"bytes=0-4", 0, 4},   {"bytes=0-0", 0, 0},
                    {"bytes=9-9", 9, 9},   {"bytes=4-", 4, 9},
                    {"bytes=4-99", 4, 9},  {"bytes=-3", 7, 9},
                    {"bytes=-99", 0, 9},   {"BYTES=0-4", 0, 4},
                    {"bytes= 0-4 ", 0, 4}, {"bytes=0-99999999999999999999999", 0, 9}};
  for (const auto& row : rows) {
    const RangeDecision range = decide_range(row.value, 10);
    ASSERT_EQ(range.kind, RangeKind::satisfiable) << row.value;
    EXPECT_EQ(range.first, row.first) << row.value;
    EXPECT_EQ(range.last, row.last) << row.value;
    EXPECT_EQ(range.size_bytes(), row.last - row.first + 1) << row.value;
  }
}

TEST(Range, RangesWithoutAByteAreUnsatisfiable) {
  for (const char* value :
       {"bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999-"})
    EXPECT_EQ(decide_range(value, 10).kind, RangeKind::unsatisfiable) << value;
  EXPECT_EQ(decide_range("bytes=0-", 0).kind, RangeKind::unsatisfiable);
}

TEST(Range, WhatCannotBeReadIsIgnored) {
  for (const char* value :
       {"", "bytes", "bytes=", "bytes=-", "bytes=abc", "bytes=9-2", "bytes=0-4,6-7", "bytes=1--2",
        "bytes=+1-2", "bytes=0x1-2", "lines=0-4", "bytes=0 - 4", "bytes=1", "bytes:0-4"})
    EXPECT_EQ(decide_range(value, 10).kind, RangeKind::ignored) << value;
  EXPECT_EQ(decide_range("bytes=-5", 0).kind, RangeKind::ignored);
}

TEST(Range, WritesContentRange) {
  EXPECT_EQ(content_range(decide_range("bytes=2-5", 10), 10), "bytes 2-5/10");
  EXPECT_EQ(content_range_unsatisfied(10), "bytes */10");
}

}  // namespace
}  // namespace mooring
