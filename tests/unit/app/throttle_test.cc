#include "mooring/app/throttle.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace mooring {
namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kStart = 1'000'000 * kMs;

TEST(Throttle, LetsEachNameDoItSoManyTimesAtOnce) {
  Throttle throttle(3, 60'000);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(throttle.take("a", kStart));
  EXPECT_FALSE(throttle.take("a", kStart));
  EXPECT_TRUE(throttle.take("b", kStart)) << "of another name";
}

TEST(Throttle, SaysWhenAndKeepsItsWord) {
  Throttle throttle(3, 60'000);
  for (int i = 0; i < 3; ++i) (void)throttle.take("a", kStart);
  EXPECT_EQ(throttle.retry_after_seconds(), 20u);
  constexpr std::uint64_t wait_ms = 20'000;
  EXPECT_FALSE(throttle.take("a", kStart + (wait_ms - 1) * kMs)) << "a moment before";
  EXPECT_TRUE(throttle.take("a", kStart + wait_ms * kMs));
  EXPECT_FALSE(throttle.take("a", kStart + wait_ms * kMs)) << "one time came back, not three";
}

TEST(Throttle, AfterAPeriodAllTimesAreThereAgainAndNoMore) {
  Throttle throttle(5, 1'000);
  for (int i = 0; i < 5; ++i) (void)throttle.take("a", kStart);
  int taken = 0;
  for (int i = 0; i < 10; ++i) taken += throttle.take("a", kStart + 50'000 * kMs);
  EXPECT_EQ(taken, 5);
}

TEST(Throttle, InTheLongRunItIsTheRate) {
  Throttle throttle(20, 1'000);
  int taken = 0;
  for (std::uint64_t at_ms = 0; at_ms < 10'000; ++at_ms)
    taken += throttle.take("a", kStart + at_ms * kMs);
  EXPECT_EQ(taken, 20 + 199) << "a burst, then one in 50 ms";
  EXPECT_EQ(throttle.retry_after_seconds(), 1u) << "in whole seconds";
}

TEST(Throttle, ARefusalIsNotCounted) {
  Throttle throttle(1, 1'000);
  (void)throttle.take("a", kStart);
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(throttle.take("a", kStart));
  EXPECT_TRUE(throttle.take("a", kStart + 1'000 * kMs));
}

TEST(Throttle, OfZeroNeverRefusesAndKnowsNobody) {
  Throttle throttle(0, 1'000);
  EXPECT_FALSE(throttle.is_on());
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(throttle.take("a", kStart));
  EXPECT_EQ(throttle.names(), 0u);
  EXPECT_EQ(Throttle::bytes_max(0), 0u);
}

TEST(Throttle, KnowsABoundedNumberOfNamesAndForgetsTheIdleOnesFirst) {
  Throttle throttle(1, 1'000, 100);
  for (int i = 0; i < 99; ++i) (void)throttle.take("idle " + std::to_string(i), kStart);
  const std::uint64_t later = kStart + 2'000 * kMs;
  (void)throttle.take("busy", later);
  EXPECT_TRUE(throttle.take("new", later));
  EXPECT_FALSE(throttle.take("busy", later)) << "those who did nothing for a period went";
  EXPECT_EQ(throttle.names(), 2u);
}

TEST(Throttle, ACrowdIsServedAndTakesNoMoreMemory) {
  Throttle throttle(1, 60'000, 100);
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(throttle.take(std::to_string(i), kStart));
  EXPECT_EQ(throttle.names(), 100u);
}

TEST(Throttle, IsOneLimitForAllThreads) {
  Throttle throttle(1'000, 3'600'000);
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 1'000; ++k) taken += throttle.take("a", kStart);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 1'000);
}

}  // namespace
}  // namespace mooring
