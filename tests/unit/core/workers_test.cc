// The worker pool on a real core: its two queues, and the threads behind each.
#include "mooring/core/workers.h"

#include <sched.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "unit/core/harness.h"

namespace mooring {
namespace {

/// A door that a test opens. Whoever waits goes on at last all the same, so that a test fails and
/// does not hang.
class Door {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  [[nodiscard]] bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

enum class Way { run, compute };

TEST(WorkerPool, HasHalfAsManyThreadsMoreForComputationsAndAtLeastOne) {
  for (const auto& [asked, all] : {std::pair{1u, 2u}, {2u, 3u}, {3u, 4u}, {4u, 6u}, {8u, 12u}})
    EXPECT_EQ(WorkerPool(asked).threads(), all) << asked;
}

Task<void> compute_text(TestCore& test, std::thread::id here, std::string& found) {
  const auto work = [here] {
    EXPECT_NE(std::this_thread::get_id(), here);
    return std::make_unique<std::string>("found");  // what can only be moved comes home as well
  };
  std::unique_ptr<std::string> text = co_await test.workers().compute(test.core(), work);
  EXPECT_EQ(std::this_thread::get_id(), here);
  found = *text;
}

TEST(WorkerPool, ComputesElsewhereAndAnswersHere) {
  TestCore test;
  std::string found;
  test.run(compute_text(test, std::this_thread::get_id(), found));
  EXPECT_EQ(found, "found");
}

Task<void> note_threads(TestCore& test, std::set<std::thread::id>& running,
                        std::set<std::thread::id>& computing) {
  for (int i = 0; i < 100; ++i) {
    const auto who = [] { return std::this_thread::get_id(); };
    const std::thread::id runs = co_await test.workers().run(test.core(), who);
    const std::thread::id computes = co_await test.workers().compute(test.core(), who);
    running.insert(runs);
    computing.insert(computes);
  }
}

TEST(WorkerPool, NoThreadDoesBoth) {
  TestCore test;
  std::set<std::thread::id> running, computing;
  test.run(note_threads(test, running, computing));
  for (const std::thread::id thread : computing) EXPECT_FALSE(running.contains(thread));
  EXPECT_LE(running.size(), 2u);
  EXPECT_EQ(computing.size(), 1u);
}

Task<void> note_policies(TestCore& test, int& running, int& computing) {
  const auto policy = [] { return ::sched_getscheduler(0); };
  running = co_await test.workers().run(test.core(), policy);
  computing = co_await test.workers().compute(test.core(), policy);
}

TEST(WorkerPool, OnlyItsComputingThreadsStepAside) {
  int background = 0;
  std::thread([&] {
    const sched_param none{};
    (void)::sched_setscheduler(0, SCHED_BATCH, &none);  // sandboxes may refuse it
    background = ::sched_getscheduler(0);
  }).join();
  TestCore test;
  int running = -1, computing = -1;
  test.run(note_policies(test, running, computing));
  EXPECT_EQ(running, ::sched_getscheduler(0));
  EXPECT_EQ(computing, background);
}

Task<void> occupy(TestCore& test, Way way, Door& door, int& done) {
  const auto wait = [&door] { return door.wait(); };
  bool opened = false;
  if (way == Way::compute)
    opened = co_await test.workers().compute(test.core(), wait);
  else
    opened = co_await test.workers().run(test.core(), wait);
  EXPECT_TRUE(opened) << "nobody got a thread to open the door";
  ++done;
}

/// More of one kind than there are threads at all wait for one of the other kind.
Task<void> occupy_all(TestCore& test, Way way, Door& door, int& done) {
  Gate gate(test.core());
  for (std::size_t i = 0; i < 4 * test.workers().threads(); ++i)
    gate.spawn(occupy(test, way, door, done));
  const auto open = [&door] {
    door.open();
    return 0;
  };
  if (way == Way::compute)
    co_await test.workers().run(test.core(), open);
  else
    co_await test.workers().compute(test.core(), open);
  co_await gate.empty();
}

TEST(WorkerPool, NoBlockingJobWaitsBehindComputations) {
  TestCore test;
  Door door;
  int done = 0;
  test.run(occupy_all(test, Way::compute, door, done));
  EXPECT_EQ(done, 12);
}

TEST(WorkerPool, NoComputationWaitsBehindBlockingJobs) {
  TestCore test;
  Door door;
  int done = 0;
  test.run(occupy_all(test, Way::run, door, done));
  EXPECT_EQ(done, 12);
}

Task<void> append(TestCore& test, std::vector<int>& order, int number) {
  const auto work = [&order, number] {
    order.push_back(number);  // one computing thread: one after the other
    return 0;
  };
  co_await test.workers().compute(test.core(), work);
}

Task<void> append_many(TestCore& test, Door& door, std::vector<int>& order, std::size_t& queued) {
  Gate gate(test.core());
  int done = 0;
  gate.spawn(occupy(test, Way::compute, door, done));
  for (int i = 0; i < 50; ++i) gate.spawn(append(test, order, i));
  co_await test.workers().run(test.core(), [] { return 0; });  // all of them have begun
  queued = test.workers().queued();
  door.open();
  co_await gate.empty();
}

TEST(WorkerPool, ComputationsWaitInOneQueueFirstComeFirstServed) {
  TestCore test;
  Door door;
  std::vector<int> order, expected;
  std::size_t queued = 0;
  test.run(append_many(test, door, order, queued));
  for (int i = 0; i < 50; ++i) expected.push_back(i);
  EXPECT_EQ(order, expected);
  EXPECT_GE(queued, 50u) << "the first may have been begun";
  EXPECT_LE(queued, 51u);
  EXPECT_EQ(test.workers().queued(), 0u);
}

}  // namespace
}  // namespace mooring
