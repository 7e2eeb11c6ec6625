// Pace: the byte rate, the latency budget, and the end of a rest.
#include "mooring/core/pace.h"

#include "mooring/base/bytes.h"
#include "mooring/base/clock.h"
#include "unit/core/harness.h"

namespace mooring {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

TEST(PauseAfterStep, KeepsTheByteRate) {
  const PaceOptions options{.bytes_per_second = 1'000'000, .latency_budget_ms = 50};
  EXPECT_EQ(pause_after_step_ns(options, 10'000, 4 * kMs), 6 * kMs);
  EXPECT_EQ(pause_after_step_ns(options, 10'000, 10 * kMs), 0u);
  EXPECT_EQ(pause_after_step_ns(options, 10'000, 30 * kMs), 0u);
}

TEST(PauseAfterStep, IsNineTimesAStepOverTheBudget) {
  const PaceOptions options{.bytes_per_second = 0, .latency_budget_ms = 50};
  EXPECT_EQ(pause_after_step_ns(options, 10'000, 50 * kMs), 0u);
  EXPECT_EQ(pause_after_step_ns(options, 10'000, 51 * kMs), 9 * 51 * kMs);
}

TEST(PauseAfterStep, IsTheLongerOfBoth) {
  const PaceOptions options{.bytes_per_second = 1'000, .latency_budget_ms = 50};
  EXPECT_EQ(pause_after_step_ns(options, 10'000, 60 * kMs), 9'940 * kMs);
}

Task<void> take_steps(Pace& pace, unsigned steps, std::uint64_t bytes) {
  for (unsigned i = 0; i < steps; ++i) co_await pace.after_step(bytes, 0);
}

TEST(Pace, AddsUpRestsThatAreTooShortForATimer) {
  TestCore test;
  Pace pace(test.core(), {.bytes_per_second = 1'000'000, .latency_budget_ms = 50});
  const std::uint64_t began_ms = monotonic_ms();
  test.run(take_steps(pace, 50, 1'000));  // 1 ms each
  EXPECT_GE(monotonic_ms() - began_ms, 48u - TimerWheel::kTickMs);
}

Task<void> rest_long(Pace& pace, bool& rested) {
  co_await pace.rest(3'600'000);
  co_await pace.rest(3'600'000);
  rested = true;
}

Task<void> stop_rest(Core& core, Pace& pace, bool& rested) {
  Gate gate(core);
  gate.spawn(rest_long(pace, rested));
  Sleep turn(core, 0);
  co_await turn;
  pace.stop();
  co_await gate.empty();
}

TEST(Pace, StopEndsTheRestUnderWayAndAllLaterOnes) {
  TestCore test;
  Pace pace(test.core(), {});
  bool rested = false;
  test.run(stop_rest(test.core(), pace, rested));
  EXPECT_TRUE(rested);
}

}  // namespace
}  // namespace mooring
