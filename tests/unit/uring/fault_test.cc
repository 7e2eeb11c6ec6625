// The seams of the file layer and the ring: what base/fault.h arms is what their callers see.
#include "mooring/base/fault.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <coroutine>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "mooring/uring/file.h"
#include "mooring/uring/ring.h"
#include "script.h"

namespace mooring {
namespace {

class FaultyFileTest : public testing::Test {
 protected:
  FaultyFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "mooring-fault-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    directory_ = std::move(*open_directory(AT_FDCWD, path_));
    file_ = std::move(*create_file(directory_.get(), "file", Caching::buffered));
    ring_ = std::move(*Ring::create({}));
  }
  ~FaultyFileTest() override { std::filesystem::remove_all(path_); }
  void SetUp() override {
    if (!faults_can_be_armed()) GTEST_SKIP() << "built without the option `faults`";
  }
  void TearDown() override { disarm_faults(); }

  std::string path_;
  Fd directory_;
  Fd file_;
  std::unique_ptr<Ring> ring_;
};

TEST_F(FaultyFileTest, ASyncThatFailsIsASyncFailureAndNextOneIsAsked) {
  ASSERT_TRUE(arm_io_fault("sync:1:EIO"));
  EXPECT_EQ(sync_data(file_.get()), fail(Errc::sync_failed));
  EXPECT_TRUE(sync_data(file_.get()));
}

TEST_F(FaultyFileTest, ASyncThatIsLeftOutIsNotMade) {
  ASSERT_TRUE(arm_skipped_sync("blob_data"));
  ASSERT_TRUE(arm_io_fault("sync:1:EIO:always"));
  EXPECT_TRUE(sync_data(file_.get(), SyncName::blob_data));
  EXPECT_EQ(sync_data(file_.get(), SyncName::segment_data), fail(Errc::sync_failed));
}

TEST_F(FaultyFileTest, BlockingTransfersGoOnAfterShortCounts) {
  const std::string content(5 * kBlockBytes, 'x');
  ASSERT_TRUE(arm_io_fault("write:1:short"));
  ASSERT_TRUE(write_all(file_.get(), as_bytes(content), 0));
  EXPECT_NE(fault_counts().find("write=2"), std::string::npos) << fault_counts();
  ASSERT_TRUE(arm_io_fault("read:1:short"));
  std::string back(content.size(), '\0');
  ASSERT_TRUE(read_exactly(file_.get(), std::as_writable_bytes(std::span(back)), 0));
  EXPECT_EQ(back, content);
}

TEST_F(FaultyFileTest, EveryKindOfCallCanFail) {
  const int fd = directory_.get();
  ASSERT_TRUE(arm_io_fault("open:1:EMFILE:always"));
  EXPECT_EQ(open_for_read(fd, "file", Caching::buffered).error().code, Errc::overloaded);
  EXPECT_EQ(open_unnamed(fd, Caching::buffered).error().code, Errc::overloaded);
  ASSERT_TRUE(arm_io_fault("allocate:1:ENOSPC:always"));
  EXPECT_EQ(preallocate(file_.get(), 0, 4096), fail(Errc::no_space));
  ASSERT_TRUE(arm_io_fault("truncate:1:EIO:always"));
  EXPECT_EQ(truncate_file(file_.get(), 0), fail(Errc::io_error));
  ASSERT_TRUE(arm_io_fault("name:1:EIO:always"));
  EXPECT_EQ(rename_replacing(fd, "file", fd, "other"), fail(Errc::io_error));
  EXPECT_EQ(rename_without_replacing(fd, "file", fd, "other"), fail(Errc::io_error));
  EXPECT_EQ(replace_file(fd, "config", "x"), fail(Errc::io_error));
  ASSERT_TRUE(arm_io_fault("remove:1:EIO:always"));
  EXPECT_EQ(remove_name(fd, "file"), fail(Errc::io_error));
  ASSERT_TRUE(arm_io_fault("list:1:EIO:always"));
  EXPECT_EQ(list_directory(fd).error().code, Errc::io_error);
  ASSERT_TRUE(arm_io_fault("make_directory:1:ENOSPC:always"));
  EXPECT_EQ(make_directory(fd, "d"), fail(Errc::no_space));
}

Script write_once(Ring& ring, int fd, Bytes content, std::optional<Result<std::size_t>>& out) {
  out = co_await ring.write(fd, content, 0);
}

TEST_F(FaultyFileTest, AnOperationOfTheRingFailsWithoutBeingMade) {
  const std::string content(2 * kBlockBytes, 'x');
  std::optional<Result<std::size_t>> written;
  ASSERT_TRUE(arm_io_fault("ring_write:1:ECANCELED"));
  run(*ring_, write_once(*ring_, file_.get(), as_bytes(content), written));
  EXPECT_EQ(written->error().code, Errc::cancelled);
  EXPECT_EQ(file_size(file_.get()).value(), 0u);
  run(*ring_, write_once(*ring_, file_.get(), as_bytes(content), written));
  EXPECT_EQ(written->value(), content.size());
}

TEST_F(FaultyFileTest, AnOperationOfTheRingIsShort) {
  const std::string content(3 * kBlockBytes, 'x');
  std::optional<Result<std::size_t>> written;
  ASSERT_TRUE(arm_io_fault("ring_write:1:short"));
  run(*ring_, write_once(*ring_, file_.get(), as_bytes(content), written));
  EXPECT_EQ(written->value(), kBlockBytes);
  EXPECT_EQ(file_size(file_.get()).value(), kBlockBytes);
}

TEST_F(FaultyFileTest, AnOperationOfTheRingIsMadeLater) {
  const std::string content(kBlockBytes, 'x');
  for (const char* words : {"ring_write:1:delay", "ring_write:1:delay:always"}) {
    std::optional<Result<std::size_t>> written;
    ASSERT_TRUE(arm_io_fault(words));
    const std::uint64_t began_ns = monotonic_ns();
    run(*ring_, write_once(*ring_, file_.get(), as_bytes(content), written));
    EXPECT_EQ(written->value(), content.size()) << words;
    EXPECT_GE(monotonic_ns() - began_ns, kFaultDelayMs * 1'000'000ull) << words;
    disarm_faults();
  }
}

struct Cancelled {
  std::optional<Result<std::size_t>> outcome;
  SizeOperation* operation = nullptr;
};

Script receive_once(Ring& ring, int fd, MutableBytes into, Cancelled& cancelled) {
  SizeOperation operation = ring.recv(fd, into);
  cancelled.operation = &operation;
  cancelled.outcome = co_await operation;
}

TEST_F(FaultyFileTest, AnOperationThatWaitsCanBeCancelled) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  const Fd ours(pair[0]);
  const Fd theirs(pair[1]);
  ASSERT_TRUE(arm_io_fault("ring_receive:1:delay"));
  std::array<std::byte, 16> into;
  Cancelled cancelled;
  Script script = receive_once(*ring_, ours.get(), into, cancelled);
  ring_->cancel(*cancelled.operation);
  run(*ring_, script);
  EXPECT_EQ(cancelled.outcome->error().code, Errc::cancelled);
}

}  // namespace
}  // namespace mooring
