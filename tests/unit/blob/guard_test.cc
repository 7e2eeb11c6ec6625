#include "mooring/blob/guard.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "harness.h"

namespace mooring {
namespace {

constexpr Hash128 kHash{1, 2};
constexpr Hash128 kOther{1, 2 + 64};  // the same shard of the table

using GuardTest = BlobTest;

// Notes its letter when it gets the guard and gives it back.
Task<void> note(CoreBlobs& blobs, GuardMode mode, char letter, std::string& order) {
  HashGuard guard = co_await blobs.store().guards().lock(blobs.core(), kHash, mode);
  order += letter;
}

// Lets every task that can go on go on: a message to oneself comes after those posted before.
class Turn final : private Message {
 public:
  explicit Turn(Core& core) noexcept : core_(core) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiter_ = waiter;
    core_.mailbox().post(*this);
  }
  void await_resume() const noexcept {}

 private:
  void deliver() noexcept override { core_.resume_later(waiter_); }
  Core& core_;
  std::coroutine_handle<> waiter_;
};

Task<void> free_hash_is_granted_at_once(CoreBlobs& blobs) {
  HashGuards& guards = blobs.store().guards();
  HashGuard guard = co_await guards.lock(blobs.core(), kHash, GuardMode::exclusive);
  EXPECT_TRUE(guard);
  EXPECT_EQ(guards.size(), 1u);
  HashGuard other = co_await guards.lock(blobs.core(), kOther, GuardMode::exclusive);
  EXPECT_EQ(guards.size(), 2u);
  guard.reset();
  EXPECT_FALSE(guard);
  EXPECT_EQ(guards.size(), 1u);
}

TEST_F(GuardTest, AFreeHashIsGrantedAtOnceAndForgottenAfterwards) {
  open_store();
  run(free_hash_is_granted_at_once);
  EXPECT_EQ(store_->guards().size(), 0u);
}

Task<void> sharers_share(CoreBlobs& blobs) {
  HashGuards& guards = blobs.store().guards();
  HashGuard one = co_await guards.lock(blobs.core(), kHash, GuardMode::shared);
  HashGuard two = co_await guards.lock(blobs.core(), kHash, GuardMode::shared);
  EXPECT_EQ(guards.size(), 1u);
}

TEST_F(GuardTest, SharersDoNotWaitForEachOther) {
  open_store();
  run(sharers_share);
}

Task<void> first_come_first_served(CoreBlobs& blobs) {
  Core& core = blobs.core();
  std::string order;
  Gate gate(core);
  HashGuard held = co_await blobs.store().guards().lock(core, kHash, GuardMode::shared);
  gate.spawn(note(blobs, GuardMode::exclusive, 'a', order));
  gate.spawn(note(blobs, GuardMode::shared, 'b', order));
  gate.spawn(note(blobs, GuardMode::shared, 'c', order));
  gate.spawn(note(blobs, GuardMode::exclusive, 'd', order));
  gate.spawn(note(blobs, GuardMode::shared, 'e', order));
  co_await Turn(core);
  co_await Turn(core);
  EXPECT_EQ(order, "") << "a sharer overtook a waiting exclusive request";
  held.reset();
  co_await gate.empty();
  EXPECT_EQ(order, "abcde");
}

TEST_F(GuardTest, WaitersAreServedInTheOrderInWhichTheyCame) {
  open_store();
  run(first_come_first_served);
}

// Both cores change unprotected numbers under the guard: a lost update or a race shows (TSan too).
struct Shared {
  std::uint64_t count = 0;
  int inside = 0;
  std::latch ready{2};
};

Task<void> count_up(CoreBlobs& blobs, Shared& shared, unsigned rounds) {
  for (unsigned i = 0; i < rounds; ++i) {
    HashGuard guard =
        co_await blobs.store().guards().lock(blobs.core(), kHash, GuardMode::exclusive);
    EXPECT_EQ(shared.inside++, 0);
    ++shared.count;
    co_await Turn(blobs.core());
    --shared.inside;
  }
}

Task<void> count_up_twice(CoreBlobs& blobs, Shared& shared, unsigned rounds) {
  shared.ready.arrive_and_wait();
  Gate gate(blobs.core());
  gate.spawn(count_up(blobs, shared, rounds));
  gate.spawn(count_up(blobs, shared, rounds));
  co_await gate.empty();
}

TEST_F(GuardTest, ExclusiveMeansExclusiveAcrossTwoCores) {
  open_store();
  constexpr unsigned kRounds = 2000;
  Shared shared;
  const auto body = [&shared](CoreBlobs& blobs) { return count_up_twice(blobs, shared, kRounds); };
  {
    std::jthread second([&] { run_on_core(*store_, workers_, 1, body); });
    run_on_core(*store_, workers_, 0, body);
  }
  EXPECT_EQ(shared.count, 4u * kRounds);
  EXPECT_EQ(store_->guards().size(), 0u);
}

// A guard taken on one core is given back on a thread that is no core at all.
Task<void> take(CoreBlobs& blobs, HashGuard& out) {
  out = co_await blobs.store().guards().lock(blobs.core(), kHash, GuardMode::exclusive);
}

TEST_F(GuardTest, AGuardMayBeGivenBackOnAnyThread) {
  open_store();
  HashGuard guard;
  run([&guard](CoreBlobs& blobs) { return take(blobs, guard); });
  EXPECT_EQ(store_->guards().size(), 1u);
  std::jthread([&guard] { guard.reset(); }).join();
  EXPECT_EQ(store_->guards().size(), 0u);
}

// Many hashes at once: entries are recycled and never mixed up.
Task<void> many_hashes(CoreBlobs& blobs) {
  std::vector<HashGuard> held;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    HashGuard guard =
        co_await blobs.store().guards().lock(blobs.core(), {i, i * 64}, GuardMode::exclusive);
    held.push_back(std::move(guard));
  }
  EXPECT_EQ(blobs.store().guards().size(), 10'000u);
  held.clear();
  EXPECT_EQ(blobs.store().guards().size(), 0u);
}

TEST_F(GuardTest, ManyHashesAreHeldSideBySide) {
  open_store();
  run(many_hashes);
}

}  // namespace
}  // namespace mooring
