// A failed sync stops everything (DESIGN 4). The failure is made by putting /dev/null in the place
// of a descriptor: it takes every write and cannot be synced.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

#include "harness.h"
#include "mooring/blob/collect.h"

namespace mooring {
namespace {

void replace_by_null(int fd) {
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  MOORING_CHECK(::dup3(null.get(), fd, O_CLOEXEC) == fd, "dup3");
}

// The descriptor under which this process has `path` open.
int descriptor_of(const std::filesystem::path& path) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    if (std::filesystem::read_symlink(entry.path(), ignored) == path)
      return std::stoi(entry.path().filename().string());
  }
  return -1;
}

class SyncFailureTest : public BlobTest {
 protected:
  void SetUp() override {
    BlobOptions options;
    options.on_sync_failure = [this](const Error& error) {
      EXPECT_EQ(error.code, Errc::sync_failed);
      ++told_;
    };
    open_store(options);
  }

  std::atomic<int> told_{0};
};

struct Outcomes {
  Result<BlobLocation> before;
  std::array<Result<BlobLocation>, 5> during;
  Result<BlobLocation> after;
};

Task<void> append_one(CoreBlobs& blobs, unsigned seed, Result<BlobLocation>& out) {
  const std::vector<std::byte> content = random_content(400'000, seed);
  out = co_await blobs.append(id_of(content), content);
}

Task<void> fail_in_the_middle(CoreBlobs& blobs, const std::string& data, Outcomes& outcomes) {
  co_await append_one(blobs, 1, outcomes.before);
  EXPECT_TRUE(outcomes.before);
  const std::string name = to_string(segment_of(*outcomes.before));
  const int fd = descriptor_of(std::filesystem::canonical(data) / "segments" / name);
  EXPECT_GE(fd, 0);
  if (fd < 0) co_return;
  replace_by_null(fd);
  // Five of 400 KB: more than one batch, so some wait behind the one that fails.
  Gate gate(blobs.core());
  for (unsigned i = 0; i < outcomes.during.size(); ++i)
    gate.spawn(append_one(blobs, 2 + i, outcomes.during[i]));
  co_await gate.empty();
  co_await append_one(blobs, 9, outcomes.after);
}

TEST_F(SyncFailureTest, NobodyOfTheBatchNorAfterItIsAcknowledgedAndTheProcessIsToldOnce) {
  Outcomes outcomes;
  run([&](CoreBlobs& blobs) { return fail_in_the_middle(blobs, data_, outcomes); });
  for (const Result<BlobLocation>& outcome : outcomes.during)
    EXPECT_EQ(outcome, fail(Errc::sync_failed));
  EXPECT_EQ(outcomes.after, fail(Errc::sync_failed));
  EXPECT_EQ(told_, 1);
}

TEST_F(SyncFailureTest, ADirectoryWhoseSyncFailedIsNeverTriedAgain) {
  const int shard = store_->directory().shard_fd(7);
  const Fd intact(::dup(shard));
  EXPECT_TRUE(store_->directory_syncs().sync_shard(7));
  replace_by_null(shard);
  EXPECT_EQ(store_->directory_syncs().sync_shard(7), fail(Errc::sync_failed));
  ASSERT_EQ(::dup2(intact.get(), shard), shard);
  EXPECT_EQ(store_->directory_syncs().sync_shard(7), fail(Errc::sync_failed))
      << "the next sync would prove nothing";
  EXPECT_EQ(store_->directory_syncs().syncs(), 2u);
  EXPECT_TRUE(store_->directory_syncs().sync_shard(8)) << "other directories are not concerned";
}

// The name is there, but not for good: the landing is not acknowledged.
Task<void> publish_into_a_failed_directory(CoreBlobs& blobs) {
  const std::vector<std::byte> content = random_content(100'000, 1);
  const Status stored = co_await store_file(blobs, id_of(content), content);
  EXPECT_EQ(stored, fail(Errc::sync_failed));
  const Status removed = co_await remove_blob_file(blobs, id_of(content));
  EXPECT_TRUE(removed) << "nothing depends on the sync of a removal";
}

TEST_F(SyncFailureTest, APublicationWithoutDirectorySyncIsNotAcknowledged) {
  const unsigned index = DataDirectory::shard_of(xxh3_128(random_content(100'000, 1)));
  const int shard = store_->directory().shard_fd(index);
  const Fd intact(::dup(shard));
  replace_by_null(shard);
  EXPECT_EQ(store_->directory_syncs().sync_shard(index), fail(Errc::sync_failed));
  ASSERT_EQ(::dup2(intact.get(), shard), shard);
  run(publish_into_a_failed_directory);
  EXPECT_EQ(told_, 1);
}

}  // namespace
}  // namespace mooring
