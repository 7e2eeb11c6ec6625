#include "mooring/base/utf8.h"

#include <gtest/gtest.h>

namespace mooring {
namespace {

TEST(Utf8, TellsTextFromBytes) {
  for (const char* text :
       {"", "plain", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x9a\xa2", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(valid_utf8(text)) << text;
  for (const char* text : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                           "\xf4\x90\x80\x80", "\xff", "a\xe2\x82"})
    EXPECT_FALSE(valid_utf8(text)) << text;
}

TEST(Utf8, CountsCodePoints) {
  EXPECT_EQ(code_points(""), 0u);
  EXPECT_EQ(code_points("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xa2"), 4u);
}

TEST(Utf8, CutsBetweenCodePoints) {
  const std::string_view text =
      "a\xe2\x82\xac"
      "b";
  EXPECT_EQ(truncate_utf8(text, 0), "");
  EXPECT_EQ(truncate_utf8(text, 1), "a");
  EXPECT_EQ(truncate_utf8(text, 3), "a");
  EXPECT_EQ(truncate_utf8(text, 4), "a\xe2\x82\xac");
  EXPECT_EQ(truncate_utf8(text, 99), text);
}

}  // namespace
}  // namespace mooring
