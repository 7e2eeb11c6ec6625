// What happens on a full disk: a tmpfs of a few MiB plays it. Needs root for the mount.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "harness.h"

namespace mooring {
namespace {

class NoSpaceTest : public BlobTest {
 protected:
  void SetUp() override {
    const std::string path = directory_.path();
    if (::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=20m") != 0)
      GTEST_SKIP() << "no full disk without the right to mount one (run as root)";
    mounted_ = true;
  }
  void TearDown() override {
    store_.reset();
    if (mounted_) ::umount(directory_.path().c_str());
  }

 private:
  bool mounted_ = false;
};

Task<void> land_too_much(CoreBlobs& blobs, std::optional<std::uint64_t> told_bytes) {
  Landing landing(blobs, told_bytes);
  Status status;
  for (int i = 0; i < 64 && status; ++i)
    status = co_await landing.write(blobs.core().chunks().lease(), kChunkBytes);
  EXPECT_EQ(status, fail(Errc::no_space));
  const Status finished = co_await landing.finish();
  EXPECT_EQ(finished, fail(Errc::no_space));
  co_await landing.abandon();

  // The space is back, and what fits is stored.
  const std::vector<std::byte> content = random_content(2_MiB + 3, 1);
  const Status stored = co_await store_file(blobs, id_of(content), content);
  EXPECT_TRUE(stored);
}

TEST_F(NoSpaceTest, ALandingThatDoesNotFitLeavesNothing) {
  open_store();
  run([](CoreBlobs& blobs) { return land_too_much(blobs, 64_MiB); });
  EXPECT_EQ(stored_names().size(), 1u);
}

TEST_F(NoSpaceTest, AChunkedLandingThatGrowsTooLargeLeavesNothing) {
  open_store();
  run([](CoreBlobs& blobs) { return land_too_much(blobs, std::nullopt); });
  EXPECT_EQ(stored_names().size(), 1u);
}

TEST_F(NoSpaceTest, ANamedLandingThatDoesNotFitLeavesNothing) {
  open_store({}, {.caching = Caching::buffered, .naming = Naming::temporary});
  run([](CoreBlobs& blobs) { return land_too_much(blobs, 64_MiB); });
  EXPECT_EQ(stored_names().size(), 1u);
}

Task<void> fill_segments(CoreBlobs& blobs, const std::string& ballast) {
  std::size_t stored = 0;
  Result<BlobLocation> last;
  for (unsigned i = 0; i < 100; ++i) {
    const std::vector<std::byte> content = random_content(1_MiB, i);
    last = co_await blobs.append(id_of(content), content);
    if (!last) break;
    ++stored;
  }
  EXPECT_FALSE(last) << "20 MiB took 100";
  EXPECT_EQ(last.error().code, Errc::no_space);
  EXPECT_GE(stored, 3u) << "a short disk is used by smaller segments";

  // Space comes back: the writer goes on.
  std::filesystem::remove(ballast);
  const std::vector<std::byte> content = random_content(1000, 1);
  const Result<BlobLocation> again = co_await blobs.append(id_of(content), content);
  EXPECT_TRUE(again) << describe(again.error());
  if (!again) co_return;
  const Result<std::vector<std::byte>> read =
      co_await read_blob(blobs, id_of(content), segment_record(content.size(), *again));
  EXPECT_TRUE(read && *read == content);
}

TEST_F(NoSpaceTest, AShortDiskGetsSmallSegmentsThenNoSpaceThenGoesOn) {
  open_store();
  const std::string ballast = directory_.path() / "ballast";
  std::ofstream(ballast) << std::string(8_MiB, 'x');
  run([&](CoreBlobs& blobs) { return fill_segments(blobs, ballast); });
}

}  // namespace
}  // namespace mooring
