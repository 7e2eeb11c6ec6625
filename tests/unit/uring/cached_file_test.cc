#include "mooring/uring/cached_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <vector>

#include "mooring/uring/file.h"

namespace mooring {
namespace {

class CachedFileTest : public testing::Test {
 protected:
  CachedFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "mooring-cached-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    directory_ = std::move(*open_directory(AT_FDCWD, path_));
    Result<Fd> file = create_file(directory_.get(), "file", Caching::buffered);
    EXPECT_TRUE(write_all(file->get(), as_bytes(content_), 0));
    EXPECT_TRUE(sync_data(file->get()));
  }
  ~CachedFileTest() override { std::filesystem::remove_all(path_); }

  std::string content_ = std::string(3 * kBlockBytes, 'a') + "end";
  std::string path_;
  Fd directory_;
};

TEST_F(CachedFileTest, OpensAndReadsWhatWasJustWritten) {
  const std::optional<Fd> file = open_cached(directory_.get(), "file");
  ASSERT_TRUE(file);
  std::string into(content_.size(), '\0');
  EXPECT_EQ(read_cached(file->get(), std::as_writable_bytes(std::span(into)), 0), into.size());
  EXPECT_EQ(into, content_);
}

TEST_F(CachedFileTest, EndsAtTheEndOfTheFile) {
  const std::optional<Fd> file = open_cached(directory_.get(), "file");
  ASSERT_TRUE(file);
  std::string into(100, '\0');
  const MutableBytes memory = std::as_writable_bytes(std::span(into));
  EXPECT_EQ(read_cached(file->get(), memory, 3 * kBlockBytes), 3u);
  EXPECT_EQ(into.substr(0, 3), "end");
  EXPECT_EQ(read_cached(file->get(), memory, content_.size()), 0u);
}

TEST_F(CachedFileTest, ReadsNothingThatIsNotInMemory) {
  const std::optional<Fd> file = open_cached(directory_.get(), "file");
  ASSERT_TRUE(file);
  expect_single_reads(file->get());
  ASSERT_EQ(::posix_fadvise(file->get(), 0, 0, POSIX_FADV_DONTNEED), 0);
  std::string into(content_.size(), '\0');
  const MutableBytes memory = std::as_writable_bytes(std::span(into));
  if (read_cached(file->get(), memory, 0) > 0) GTEST_SKIP() << "a file system that lives in memory";
  ASSERT_TRUE(read_exactly(file->get(), memory, 0));
  EXPECT_EQ(read_cached(file->get(), memory, 0), into.size());
}

TEST_F(CachedFileTest, LeavesWhatItCannotOpenToTheLongWay) {
  EXPECT_FALSE(open_cached(directory_.get(), "absent"));
  std::filesystem::create_symlink(path_ + "/file", path_ + "/link");
  EXPECT_FALSE(open_cached(directory_.get(), "link"));
}

TEST_F(CachedFileTest, ReadsPastTheCacheInWholeBlocks) {
  const std::optional<Fd> file = open_cached(directory_.get(), "file");
  ASSERT_TRUE(file);
  if (!bypass_cache(file->get())) GTEST_SKIP() << "a file system without O_DIRECT";
  void* memory = nullptr;
  ASSERT_EQ(::posix_memalign(&memory, kBlockBytes, 4 * kBlockBytes), 0);
  const MutableBytes blocks{static_cast<std::byte*>(memory), 4 * kBlockBytes};
  const Result<std::size_t> read = read_up_to(file->get(), blocks, 0);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, content_.size());
  EXPECT_EQ(as_text(Bytes(blocks).first(*read)), content_);
  ::free(memory);
}

}  // namespace
}  // namespace mooring
