// The loop's parts on a real ring: timers, gates, semaphores, mailboxes, workers.
#include <atomic>
#include <thread>
#include <vector>

#include "mooring/base/clock.h"
#include "unit/core/harness.h"

namespace mooring {
namespace {

Task<void> sleep_once(Core& core, std::uint64_t delay_ms, std::uint64_t& took_ms) {
  const std::uint64_t began_ms = monotonic_ms();
  Sleep sleep(core, delay_ms);
  co_await sleep;
  took_ms = monotonic_ms() - began_ms;
}

TEST(Timer, NeverExpiresEarly) {
  for (const std::uint64_t delay_ms : {0u, 1u, 17u, 40u}) {
    std::uint64_t took_ms = 0;
    TestCore test;
    test.run(sleep_once(test.core(), delay_ms, took_ms));
    EXPECT_GE(took_ms, delay_ms);
  }
}

struct Recorder final : Timer {
  std::vector<int>& order;
  int number;
  Timer* clears = nullptr;
  Recorder(std::vector<int>& where, int n) : order(where), number(n) {}
  void expired() noexcept override {
    order.push_back(number);
    if (clears != nullptr) clears->clear();
  }
};

TEST(TimerWheel, ExpiresInOrderOfDeadlinesAndLeavesOutWhatWasCleared) {
  std::vector<int> order;
  const std::uint64_t now_ms = monotonic_ms();
  TimerWheel wheel(now_ms);
  Recorder late(order, 3), early(order, 1), cleared(order, 9), middle(order, 2);
  late.set(wheel, 30'000);  // more than one turn of the wheel ahead
  early.set(wheel, 20);
  middle.set(wheel, 500);
  cleared.set(wheel, 100);
  cleared.clear();
  EXPECT_EQ(wheel.size(), 3u);
  for (std::uint64_t at = now_ms; at < now_ms + 31'000; at += 10) wheel.advance(at);
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
  EXPECT_EQ(wheel.size(), 0u);
}

TEST(TimerWheel, ATimerMayClearAnotherOfItsSlot) {
  std::vector<int> order;
  const std::uint64_t now_ms = monotonic_ms();
  TimerWheel wheel(now_ms);
  Recorder a(order, 1), b(order, 2);
  a.clears = &b;
  b.clears = &a;
  a.set(wheel, 20);
  b.set(wheel, 20);
  wheel.advance(now_ms + 200);
  EXPECT_EQ(order.size(), 1u);
}

TEST(TimerWheel, AfterALongSleepEveryTimerThatIsDueExpires) {
  std::vector<int> order;
  const std::uint64_t now_ms = monotonic_ms();
  TimerWheel wheel(now_ms);
  Recorder a(order, 1), b(order, 2);
  a.set(wheel, 20);
  b.set(wheel, 10'000);
  wheel.advance(now_ms + 3'600'000);
  EXPECT_EQ(order.size(), 2u);
}

Task<void> hold(Semaphore& semaphore, std::size_t count, int number, std::vector<int>& order) {
  co_await semaphore.acquire(count);
  order.push_back(number);
  semaphore.release(count);
}

Task<void> contend(Core& core, std::vector<int>& order) {
  Semaphore semaphore(core, 2);
  Gate gate(core);
  const bool taken = semaphore.try_acquire(2);
  EXPECT_TRUE(taken);
  gate.spawn(hold(semaphore, 2, 1, order));
  gate.spawn(hold(semaphore, 1, 2, order));
  gate.spawn(hold(semaphore, 1, 3, order));
  Sleep pause(core, 20);
  co_await pause;
  EXPECT_TRUE(order.empty());
  EXPECT_EQ(semaphore.waiting(), 3u);
  EXPECT_TRUE(semaphore.try_acquire(0)) << "who wants none waits behind nobody";
  semaphore.release(1);  // enough for the second, but the first was there before
  EXPECT_FALSE(semaphore.try_acquire(1));
  EXPECT_TRUE(order.empty());
  semaphore.release(1);
  co_await gate.empty();
  EXPECT_EQ(semaphore.available(), 2u);
}

TEST(Semaphore, ServesInOrderOfArrival) {
  std::vector<int> order;
  TestCore test;
  test.run(contend(test.core(), order));
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

Task<void> nap(Core& core, int& done) {
  Sleep sleep(core, 30);
  co_await sleep;
  ++done;
}

Task<void> wait_for_all(Core& core, int& done) {
  Gate gate(core);
  for (int i = 0; i < 50; ++i) gate.spawn(nap(core, done));
  EXPECT_EQ(gate.size(), 50u);
  gate.close();
  co_await gate.empty();
  EXPECT_EQ(done, 50);
}

TEST(Gate, WaitsForEverythingInside) {
  int done = 0;
  TestCore test;
  test.run(wait_for_all(test.core(), done));
  EXPECT_EQ(done, 50);
}

struct Note final : Message {
  std::vector<int>& seen;
  int number;
  Note(std::vector<int>& where, int n) : seen(where), number(n) {}
  void deliver() noexcept override { seen.push_back(number); }
};

Task<void> wait_until(Core& core, const std::vector<int>& seen, std::size_t count) {
  while (seen.size() < count) {
    Sleep pause(core, 1);
    co_await pause;
  }
}

TEST(Mailbox, DeliversEachMessageOnceAndInTheOrderOfItsSender) {
  constexpr int kSenders = 4;
  constexpr int kEach = 5'000;
  std::vector<int> seen;
  std::vector<std::vector<std::unique_ptr<Note>>> notes(kSenders);
  TestCore test;
  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender)
    senders.emplace_back([&, sender] {
      for (int i = 0; i < kEach; ++i) {
        notes[sender].push_back(std::make_unique<Note>(seen, sender * kEach + i));
        test.core().mailbox().post(*notes[sender].back());
      }
    });
  test.run(wait_until(test.core(), seen, kSenders * kEach));
  for (std::thread& sender : senders) sender.join();
  ASSERT_EQ(seen.size(), std::size_t{kSenders * kEach});
  std::vector<int> last(kSenders, -1);
  for (const int number : seen) {
    EXPECT_GT(number % kEach, last[number / kEach]);
    last[number / kEach] = number % kEach;
  }
}

TEST(Mailbox, TakesAChainInItsOrder) {
  std::vector<int> seen;
  Note first(seen, 1), second(seen, 2), third(seen, 3);
  first.next_message = &second;
  second.next_message = &third;
  Mailbox mailbox;
  mailbox.post_all(&first, &third);
  EXPECT_EQ(mailbox.deliver_all(), 3u);
  EXPECT_EQ(seen, (std::vector{1, 2, 3}));
  EXPECT_EQ(mailbox.deliver_all(), 0u);
}

Task<void> square(TestCore& test, int number, std::atomic<int>& sum, std::thread::id here) {
  const auto work = [number, here] {
    EXPECT_NE(std::this_thread::get_id(), here);
    return number * number;
  };
  const int result = co_await test.workers().run(test.core(), work);
  EXPECT_EQ(std::this_thread::get_id(), here);
  sum += result;
}

Task<void> square_many(TestCore& test, std::atomic<int>& sum) {
  Gate gate(test.core());
  for (int i = 1; i <= 100; ++i) gate.spawn(square(test, i, sum, std::this_thread::get_id()));
  co_await gate.empty();
}

TEST(WorkerPool, RunsElsewhereAndAnswersHere) {
  std::atomic<int> sum = 0;
  TestCore test;
  test.run(square_many(test, sum));
  EXPECT_EQ(sum, 338'350);
}

}  // namespace
}  // namespace mooring
