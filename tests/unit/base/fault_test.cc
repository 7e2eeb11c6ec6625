#include "mooring/base/fault.h"

#include <gtest/gtest.h>

#include <csignal>
#include <sstream>

namespace mooring {
namespace {

using Effect = IoFault::Effect;

Errc code_of(const Status& status) {
  return status ? Errc::internal : status.error().code;
}

class FaultTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!faults_can_be_armed()) GTEST_SKIP() << "built without the option `faults`";
  }
  void TearDown() override { disarm_faults(); }
};

TEST(FaultBuild, OneThatCannotBeArmedRefuses) {
  if (faults_can_be_armed()) GTEST_SKIP() << "built with the option `faults`";
  EXPECT_EQ(code_of(arm_crash("commit_written:1")), Errc::not_implemented);
  EXPECT_EQ(code_of(arm_skipped_sync("blob_data")), Errc::not_implemented);
  EXPECT_EQ(code_of(arm_io_fault("sync:1:EIO")), Errc::not_implemented);
  EXPECT_EQ(code_of(arm_counting()), Errc::not_implemented);
}

TEST_F(FaultTest, NothingArmedNothingHappensAndNothingCounts) {
  crash_point(CrashPoint::commit_written);
  EXPECT_FALSE(sync_is_skipped(SyncName::blob_data));
  EXPECT_EQ(io_fault(IoKind::sync).effect, Effect::none);
  EXPECT_EQ(fault_counts(), "");
}

TEST_F(FaultTest, DiesAtThePassageThatWasNamed) {
  const auto pass_three_times = [] {
    if (!arm_crash("landing_synced:3")) return;
    for (int i = 0; i < 2; ++i) crash_point(CrashPoint::landing_synced);
    for (int i = 0; i < 9; ++i) crash_point(CrashPoint::landing_named);
    std::fputs("alive", stderr);
    crash_point(CrashPoint::landing_synced);
    std::fputs("too far", stderr);
  };
  EXPECT_EXIT(pass_three_times(), ::testing::KilledBySignal(SIGKILL), "^alive$");
}

TEST_F(FaultTest, LeavesOutTheSyncsThatWereNamedAndNoOther) {
  ASSERT_TRUE(arm_skipped_sync("blob_data"));
  ASSERT_TRUE(arm_skipped_sync("clean_mark"));
  EXPECT_TRUE(sync_is_skipped(SyncName::blob_data));
  EXPECT_TRUE(sync_is_skipped(SyncName::clean_mark));
  EXPECT_FALSE(sync_is_skipped(SyncName::blob_directory));
  EXPECT_FALSE(sync_is_skipped(SyncName::unnamed));
}

TEST_F(FaultTest, HitsOneCallOfAKind) {
  ASSERT_TRUE(arm_io_fault("write:2:ENOSPC"));
  EXPECT_EQ(io_fault(IoKind::write).effect, Effect::none);
  EXPECT_EQ(io_fault(IoKind::read).effect, Effect::none);
  const IoFault second = io_fault(IoKind::write);
  EXPECT_EQ(second.effect, Effect::error);
  EXPECT_EQ(second.os_error, ENOSPC);
  EXPECT_EQ(io_fault(IoKind::write).effect, Effect::none);
}

TEST_F(FaultTest, HitsEveryCallFromTheNamedOneOn) {
  ASSERT_TRUE(arm_io_fault("ring_read:2:short:always"));
  EXPECT_EQ(io_fault(IoKind::ring_read).effect, Effect::none);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(io_fault(IoKind::ring_read).effect, Effect::shorten);
}

TEST_F(FaultTest, CountsWhatIsPassed) {
  ASSERT_TRUE(arm_counting());
  crash_point(CrashPoint::segment_made);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(io_fault(IoKind::catalog_write).effect, Effect::none);
  EXPECT_EQ(fault_counts(), "segment_made=1 catalog_write=2");
}

TEST_F(FaultTest, RefusesWhatItDoesNotKnow) {
  for (const char* words : {"", "commit_written", "commit_written:0", "commit_written:x",
                            "commit_written:1:1", "nothing:1"})
    EXPECT_EQ(code_of(arm_crash(words)), Errc::invalid) << words;
  for (const char* words : {"", "unnamed", "nothing"})
    EXPECT_EQ(code_of(arm_skipped_sync(words)), Errc::invalid) << words;
  for (const char* words : {"sync:1", "sync:0:EIO", "sync:1:EWHAT", "nothing:1:EIO",
                            "sync:1:EIO:sometimes", "sync:1:EIO:always:"})
    EXPECT_EQ(code_of(arm_io_fault(words)), Errc::invalid) << words;
}

TEST_F(FaultTest, EveryNameThatIsListedCanBeArmed) {
  std::istringstream lines(list_faults());
  std::string what;
  std::string rest;
  std::size_t count = 0;
  while (lines >> what && std::getline(lines >> std::ws, rest)) {
    const std::string name = rest.substr(0, rest.find(' '));
    Status armed;
    if (what == "point") armed = arm_crash(name + ":1");
    if (what == "sync") armed = arm_skipped_sync(name);
    if (what == "io") armed = arm_io_fault(name + ":1:EIO");
    EXPECT_TRUE(armed) << name;
    ++count;
  }
  EXPECT_EQ(count, kCrashPoints + kSyncNames - 1 + kIoKinds);
}

}  // namespace
}  // namespace mooring
