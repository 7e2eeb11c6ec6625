#include "mooring/image/flights.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "unit/image/harness.h"

namespace mooring {
namespace {

FlightKey key_of(std::uint64_t original) {
  return {.original = {.hash = {original, 0}}, .width_max = 10, .height_max = 10};
}

TEST(ImageFlights, OneOfManyLeadsAndTheOthersGetItsAnswer) {
  ImageFlights flights;
  std::atomic<int> leaders{0}, answered{0};
  constexpr int kThreads = 4, kEach = 100;
  std::atomic<int> boarded{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      const auto ask = [&](Core& core) -> Task<void> {
        std::optional<FlightAnswer> answer = co_await flights.board(core, key_of(1));
        if (answer) {
          EXPECT_EQ(**answer, (BlobId{{5, 6}, 0}));
          answered.fetch_add(1);
          co_return;
        }
        leaders.fetch_add(1);
        while (boarded.load() < kThreads * kEach) {
          Sleep pause(core, 1);
          co_await pause;
        }
        Sleep settle(core, 50);
        co_await settle;
        flights.land(key_of(1), BlobId{{5, 6}, 0});
      };
      run_on_core([&](Core& core) -> Task<void> {
        Gate gate(core);
        const auto counted = [&](Core& on) -> Task<void> {
          boarded.fetch_add(1);
          co_await ask(on);
        };
        for (int j = 0; j < kEach; ++j) gate.spawn(counted(core));
        co_await gate.empty();
      });
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(leaders.load(), 1);
  EXPECT_EQ(answered.load(), kThreads * kEach - 1);
  EXPECT_EQ(flights.size(), 0u);
}

TEST(ImageFlights, AFailureIsEverybodysAndIsForgotten) {
  ImageFlights flights;
  run_on_core([&](Core& core) -> Task<void> {
    std::optional<FlightAnswer> first = co_await flights.board(core, key_of(1));
    EXPECT_FALSE(first);
    Gate gate(core);
    std::optional<FlightAnswer> second;
    const auto follow = [&](Core& on) -> Task<void> {
      second = co_await flights.board(on, key_of(1));
    };
    gate.spawn(follow(core));
    Sleep pause(core, 1);
    co_await pause;
    std::optional<FlightAnswer> other = co_await flights.board(core, key_of(2));
    EXPECT_FALSE(other) << "another key is another flight";
    flights.land(key_of(2), BlobId{});
    flights.land(key_of(1), fail(Errc::unprocessable));
    co_await gate.empty();
    EXPECT_TRUE(second && !*second && second->error().code == Errc::unprocessable);
    std::optional<FlightAnswer> again = co_await flights.board(core, key_of(1));
    EXPECT_FALSE(again) << "who comes later tries anew";
    flights.land(key_of(1), BlobId{});
  });
}

}  // namespace
}  // namespace mooring
