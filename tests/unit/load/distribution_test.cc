// Numbers that differ from request to request.
#include "load/distribution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace mooring {
namespace {

constexpr int kSamples = 100'000;

Distribution of(std::string_view text, DistributionUnit unit = DistributionUnit::bytes) {
  const auto parsed = Distribution::parse(text, unit);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(Distribution());
}

TEST(Distribution, OfOneValueIsAlwaysThat) {
  Random random(1);
  EXPECT_EQ(of("64KiB").sample(random), 65'536u);
  EXPECT_EQ(of("0").sample(random), 0u);
  EXPECT_EQ(of("5s", DistributionUnit::milliseconds).sample(random), 5000u);
}

TEST(Distribution, UniformReachesBothEndsEquallyOften) {
  Random random(1);
  std::map<std::uint64_t, int> seen;
  for (int i = 0; i < kSamples; ++i) ++seen[of("uniform 3 12").sample(random)];
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_EQ(seen.begin()->first, 3u);
  EXPECT_EQ(seen.rbegin()->first, 12u);
  for (const auto& [value, count] : seen)
    EXPECT_NEAR(count, kSamples / 10, kSamples / 100) << value;
}

TEST(Distribution, LognormalHasItsMedianItsSpreadAndItsLargest) {
  Random random(1);
  const Distribution sizes = of("lognormal 64KiB 1 1MiB");
  std::vector<double> seen;
  for (int i = 0; i < kSamples; ++i) seen.push_back(static_cast<double>(sizes.sample(random)));
  std::ranges::sort(seen);
  EXPECT_NEAR(seen[kSamples / 2], 65'536, 2000);
  // One sigma above the median is at 84.1 %.
  EXPECT_NEAR(seen[kSamples * 841 / 1000] / 65'536, 2.718, 0.1);
  EXPECT_EQ(seen.back(), 1 << 20);
  EXPECT_EQ(sizes.largest(), 1u << 20);
}

TEST(Distribution, ChoicesComeByTheirWeights) {
  Random random(1);
  const Distribution sizes = of("4KiB*70 64KiB*25 1MiB*5");
  std::map<std::uint64_t, int> seen;
  for (int i = 0; i < kSamples; ++i) ++seen[sizes.sample(random)];
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_NEAR(seen[4096], kSamples * 0.70, kSamples * 0.01);
  EXPECT_NEAR(seen[65'536], kSamples * 0.25, kSamples * 0.01);
  EXPECT_NEAR(seen[1 << 20], kSamples * 0.05, kSamples * 0.01);
  EXPECT_EQ(sizes.largest(), 1u << 20);
}

TEST(Distribution, TheSameSeedGivesTheSameSequence) {
  Random a(9), b(9), c(10);
  const Distribution sizes = of("uniform 0 1TiB");
  EXPECT_EQ(sizes.sample(a), sizes.sample(b));
  EXPECT_NE(sizes.sample(a), sizes.sample(c));
}

TEST(Distribution, WhatIsNoneIsRefusedWithAReason) {
  for (const char* bad :
       {"", "x", "64KB", "uniform 1KiB", "uniform 2 1", "lognormal 1KiB 0 1MiB", "lognormal 1KiB 1",
        "lognormal 1KiB -1 1MiB", "4KiB*0", "4KiB*", "4KiB*x", "4KiB*nan"}) {
    const auto parsed = Distribution::parse(bad, DistributionUnit::bytes);
    ASSERT_FALSE(parsed.has_value()) << bad;
    EXPECT_NE(parsed.error(), "");
  }
  EXPECT_FALSE(Distribution::parse("10", DistributionUnit::milliseconds)) << "10 of what?";
}

}  // namespace
}  // namespace mooring
