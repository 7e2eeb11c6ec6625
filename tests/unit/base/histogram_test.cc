// The buckets of latencies: where a duration goes, and what is read back from the counts.
#include "mooring/base/histogram.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace mooring {
namespace {

template <typename T>
class Buckets : public testing::Test {};
using BothWidths = testing::Types<LatencyBuckets, FineBuckets>;
TYPED_TEST_SUITE(Buckets, BothWidths);

TYPED_TEST(Buckets, FollowEachOtherWithoutGapAndOverlap) {
  for (std::size_t bucket = 0; bucket + 1 < TypeParam::kBuckets; ++bucket) {
    const std::uint64_t begin = TypeParam::begin_us(bucket);
    const std::uint64_t end = TypeParam::begin_us(bucket + 1);
    ASSERT_LT(begin, end) << bucket;
    EXPECT_EQ(TypeParam::of(begin), bucket);
    EXPECT_EQ(TypeParam::of(end - 1), bucket);
    EXPECT_EQ(TypeParam::of(end), bucket + 1);
  }
}

TYPED_TEST(Buckets, AreNeverWiderThanTheirPartOfTheirBegin) {
  constexpr std::uint64_t kPart = TypeParam::kSubBuckets;
  for (std::size_t bucket = kPart; bucket + 1 < TypeParam::kBuckets; ++bucket) {
    const std::uint64_t begin = TypeParam::begin_us(bucket);
    EXPECT_LE(TypeParam::begin_us(bucket + 1) - begin, std::max<std::uint64_t>(1, begin / kPart));
  }
}

TYPED_TEST(Buckets, ReachFromOneMicrosecondToOverAHundredSeconds) {
  EXPECT_EQ(TypeParam::of(0), 0u);
  EXPECT_EQ(TypeParam::of(1), 1u);
  EXPECT_LT(TypeParam::of(100'000'000), TypeParam::kBuckets - 1);
  EXPECT_EQ(TypeParam::of(UINT64_MAX), TypeParam::kBuckets - 1);
}

TEST(LatencyHistogram, OfNothingHasNoQuantiles) {
  EXPECT_EQ(LatencyHistogram().snapshot().quantile_us(0.5), 0u);
}

TEST(LatencyHistogram, QuantilesAreRightWithinTheWidthOfABucket) {
  LatencyHistogram histogram;
  for (std::uint64_t us = 1; us <= 100'000; ++us) histogram.record(us * 1000);
  const LatencySnapshot snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.count, 100'000u);
  EXPECT_EQ(snapshot.sum_ns, 100'000ull * 100'001 / 2 * 1000);
  for (const double q : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double exact_us = q * 100'000;
    EXPECT_GE(static_cast<double>(snapshot.quantile_us(q)), exact_us) << q;
    EXPECT_LE(static_cast<double>(snapshot.quantile_us(q)), exact_us * 1.125 + 1) << q;
  }
}

TEST(FineHistogram, QuantilesAreRightWithinOnePercent) {
  FineHistogram histogram;
  for (std::uint64_t us = 1; us <= 100'000; ++us) histogram.record(us * 1000);
  const FineSnapshot snapshot = histogram.snapshot();
  for (const double q : {0.5, 0.9, 0.99, 0.999, 0.9999}) {
    const double exact_us = q * 100'000;
    EXPECT_GE(static_cast<double>(snapshot.quantile_us(q)), exact_us) << q;
    EXPECT_LE(static_cast<double>(snapshot.quantile_us(q)), exact_us * 1.008 + 1) << q;
  }
}

TEST(LatencyHistogram, MergesByAdding) {
  LatencyHistogram fast, slow;
  for (int i = 0; i < 90; ++i) fast.record(10'000);
  for (int i = 0; i < 10; ++i) slow.record(5'000'000'000);
  LatencySnapshot merged = fast.snapshot();
  merged += slow.snapshot();
  EXPECT_EQ(merged.count, 100u);
  EXPECT_EQ(merged.sum_ns, 90 * 10'000 + 10 * 5'000'000'000);
  EXPECT_EQ(merged.quantile_us(0.9), 11u);
  EXPECT_GT(merged.quantile_us(0.91), 5'000'000u);
}

TEST(LatencyHistogram, IsReadWhileItsOwnerWrites) {
  constexpr std::uint64_t kRecords = 200'000;
  LatencyHistogram histogram;
  std::thread owner([&] {
    for (std::uint64_t i = 0; i < kRecords; ++i) histogram.record(i);
  });
  std::uint64_t before = 0;
  while (before < kRecords) {
    const std::uint64_t now = histogram.snapshot().count;
    ASSERT_GE(now, before);
    before = now;
  }
  owner.join();
  EXPECT_EQ(histogram.snapshot().count, kRecords);
}

}  // namespace
}  // namespace mooring
