#include "mooring/base/background.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <thread>

namespace mooring {
namespace {

/// As sched_getattr(2) fills it in; the C library has no words for it.
struct Attributes {
  std::uint32_t size = 0;
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t slice_ns = 0;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};

Attributes of_this_thread() {
  Attributes attributes;
  EXPECT_EQ(::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0u), 0);
  return attributes;
}

bool kernel_knows_slices() {
  utsname name{};
  unsigned major = 0, minor = 0;
  if (::uname(&name) != 0 || std::sscanf(name.release, "%u.%u", &major, &minor) != 2) return false;
  return major > 6 || (major == 6 && minor >= 12);
}

/// Sandboxes may refuse it; then there is nothing to see.
bool may_become_background() {
  bool may = false;
  std::thread([&] {
    const sched_param none{};
    may = ::sched_setscheduler(0, SCHED_BATCH, &none) == 0;
  }).join();
  return may;
}

class StepAside : public testing::Test {
 protected:
  void SetUp() override {
    if (!may_become_background()) GTEST_SKIP() << "this kernel refuses SCHED_BATCH";
  }
};

TEST_F(StepAside, MakesABatchThreadOfTheCallerAndOfNobodyElse) {
  const Attributes before = of_this_thread();
  std::thread([] {
    step_aside();
    EXPECT_EQ(of_this_thread().policy, static_cast<std::uint32_t>(SCHED_BATCH));
  }).join();
  EXPECT_EQ(of_this_thread().policy, before.policy);
}

TEST_F(StepAside, HoldsForThreadsThatItMakes) {
  std::thread([] {
    step_aside();
    std::thread([] {
      EXPECT_EQ(of_this_thread().policy, static_cast<std::uint32_t>(SCHED_BATCH));
    }).join();
  }).join();
}

TEST_F(StepAside, KeepsItsShareOfTheProcessor) {
  std::thread([] {
    ASSERT_EQ(::setpriority(PRIO_PROCESS, 0, 7), 0);
    step_aside();
    EXPECT_EQ(of_this_thread().nice, 7);
  }).join();
}

TEST_F(StepAside, AsksForTheLongestSliceThatTheKernelGives) {
  if (!kernel_knows_slices()) GTEST_SKIP() << "slices came with Linux 6.12";
  std::thread([] {
    const std::uint64_t before_ns = of_this_thread().slice_ns;
    step_aside();
    EXPECT_EQ(of_this_thread().slice_ns, 100'000'000u);
    EXPECT_LT(before_ns, 100'000'000u);
  }).join();
}

TEST_F(StepAside, TwiceIsOnce) {
  std::thread([] {
    step_aside();
    step_aside();
    EXPECT_EQ(of_this_thread().policy, static_cast<std::uint32_t>(SCHED_BATCH));
  }).join();
}

}  // namespace
}  // namespace mooring
