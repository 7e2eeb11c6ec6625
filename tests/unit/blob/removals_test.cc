// Removals: a step and a hold exclude each other.
#include "mooring/blob/removals.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

namespace mooring {
namespace {

TEST(Removals, ManyStepsAtOnce) {
  Removals removals;
  const Removals::Step one = removals.try_begin();
  const Removals::Step two = removals.try_begin();
  EXPECT_TRUE(one);
  EXPECT_TRUE(two);
}

TEST(Removals, NoStepBeginsWhileTheyAreHeldBack) {
  Removals removals;
  {
    const Removals::Hold hold(removals);
    EXPECT_FALSE(removals.try_begin());
  }
  EXPECT_TRUE(removals.try_begin());
}

TEST(Removals, AHoldWaitsForTheStepsUnderWay) {
  Removals removals;
  std::optional<Removals::Step> step(removals.try_begin());
  std::atomic<bool> step_is_over{false};
  std::thread holder([&] {
    const Removals::Hold hold(removals);
    EXPECT_TRUE(step_is_over.load());
  });
  // Steps are refused from the moment the hold has begun, although it still waits.
  while (removals.try_begin()) std::this_thread::yield();
  step_is_over.store(true);
  step.reset();
  holder.join();
}

}  // namespace
}  // namespace mooring
