#include "mooring/app/usable_memory.h"

#include <gtest/gtest.h>

#include "mooring/app/memory_bound.h"

namespace mooring {
namespace {

TEST(UsableMemory, ThereIsSomeAndNoMoreThanAMachineHas) {
  EXPECT_GT(usable_memory_bytes(), 16_MiB);
  EXPECT_LT(usable_memory_bytes(), 1024 * 1024_GiB);
}

TEST(UsableMemory, TheCacheOfContentsTakesAnEighthOfItAtMost) {
  Config config;
  config.downloads.cache_bytes = 2_GiB;
  EXPECT_EQ(fitted_to_memory(config, 16_GiB), config);
  EXPECT_EQ(fitted_to_memory(config, 16_GiB - 8).downloads.cache_bytes, 2_GiB - 1);
  config.downloads.cache_bytes = 0;
  EXPECT_EQ(fitted_to_memory(config, 1_GiB).downloads.cache_bytes, 0u);
}

TEST(UsableMemory, TheCacheOfContentsCountsInTheMemoryBound) {
  Config without;
  without.downloads.cache_bytes = 0;
  Config with = without;
  with.downloads.cache_bytes = 300_MiB;
  EXPECT_EQ(memory_bound(with, 1).total_bytes(), memory_bound(without, 1).total_bytes() + 300_MiB);
  EXPECT_NE(to_string(memory_bound(with, 1)).find("downloads 300"), std::string::npos);
}

}  // namespace
}  // namespace mooring
