// Sizes and durations as people write them.
#include "mooring/base/units.h"

#include <gtest/gtest.h>

namespace mooring {
namespace {

TEST(Units, SizesAreBytesUnlessTheySayMore) {
  EXPECT_EQ(parse_size_bytes("0"), 0u);
  EXPECT_EQ(parse_size_bytes("4096"), 4096u);
  EXPECT_EQ(parse_size_bytes("64KiB"), 65'536u);
  EXPECT_EQ(parse_size_bytes("4GiB"), 4ull << 30);
  for (const char* bad : {"", "KiB", "4KB", "4 KiB", "4KiBs", "-1", "0x10", "99999999TiB"})
    EXPECT_FALSE(parse_size_bytes(bad)) << bad;
}

TEST(Units, DurationsNeedTheirUnit) {
  EXPECT_EQ(parse_duration_ms("500ms"), 500u);
  EXPECT_EQ(parse_duration_ms("10s"), 10'000u);
  EXPECT_EQ(parse_duration_ms("5m"), 300'000u);
  for (const char* bad : {"", "10", "s", "1.5s", "10 s", "1d"})
    EXPECT_FALSE(parse_duration_ms(bad)) << bad;
}

}  // namespace
}  // namespace mooring
