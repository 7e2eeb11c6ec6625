#include "mooring/uring/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <vector>

#include "mooring/uring/probe.h"

namespace mooring {
namespace {

class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "mooring-file-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    directory_ = std::move(*open_directory(AT_FDCWD, path_));
  }
  ~FileTest() override { std::filesystem::remove_all(path_); }
  [[nodiscard]] int fd() const { return directory_.get(); }

  std::string path_;
  Fd directory_;
};

TEST_F(FileTest, AnUnnamedFileGetsANameOnceAndOnlyOnce) {
  Result<Fd> file = open_unnamed(fd(), Caching::buffered);
  if (!file) GTEST_SKIP() << "no O_TMPFILE on this file system";
  ASSERT_TRUE(write_all(file->get(), as_bytes("content"), 0).has_value());
  ASSERT_TRUE(sync_data(file->get()).has_value());
  EXPECT_TRUE(std::filesystem::is_empty(path_));
  ASSERT_TRUE(link_unnamed(file->get(), fd(), "name").has_value());
  EXPECT_TRUE(sync_directory(fd()).has_value());
  Result<Fd> other = open_unnamed(fd(), Caching::buffered);
  EXPECT_EQ(link_unnamed(other->get(), fd(), "name").error().code, Errc::exists);
  EXPECT_EQ(read_file(fd(), "name", 100).value_or(""), "content");
}

TEST_F(FileTest, GivesAFileASecondNameAndTakesNobodysName) {
  ASSERT_TRUE(replace_file(fd(), "one", "content").has_value());
  ASSERT_TRUE(link_name(fd(), "one", fd(), "two").has_value());
  const Result<Fd> file = open_for_read(fd(), "two", Caching::buffered);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(count_names(file->get()).value_or(0), 2u);
  EXPECT_EQ(link_name(fd(), "one", fd(), "two").error().code, Errc::exists);
  EXPECT_EQ(link_name(fd(), "none", fd(), "three").error().code, Errc::not_found);
  EXPECT_TRUE(sync_file_system(fd()).has_value());
}

TEST_F(FileTest, SaysWhereAFileCannotHaveASecondName) {
  ASSERT_TRUE(replace_file(fd(), "one", "content").has_value());
  const Result<Fd> elsewhere = open_directory(AT_FDCWD, "/dev/shm/.");
  struct stat here{}, there{};
  if (!elsewhere || ::fstat(fd(), &here) != 0 || ::fstat(elsewhere->get(), &there) != 0 ||
      here.st_dev == there.st_dev)
    GTEST_SKIP() << "no other file system to write to";
  EXPECT_EQ(link_name(fd(), "one", elsewhere->get(), "two").error().code, Errc::not_implemented);
}

TEST_F(FileTest, ReplacesASmallFileWhole) {
  ASSERT_TRUE(replace_file(fd(), "config", "one").has_value());
  ASSERT_TRUE(replace_file(fd(), "config", "two").has_value());
  EXPECT_EQ(read_file(fd(), "config", 100).value_or(""), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path_), {}), 1);
  EXPECT_EQ(read_file(fd(), "config", 2).error().code, Errc::too_large);
}

TEST_F(FileTest, SaysWhatIsNotThere) {
  EXPECT_EQ(open_for_read(fd(), "no", Caching::buffered).error().code, Errc::not_found);
  EXPECT_TRUE(remove_name(fd(), "no").has_value());
  EXPECT_TRUE(make_directory(fd(), "sub").has_value());
  EXPECT_TRUE(make_directory(fd(), "sub").has_value());
}

TEST_F(FileTest, DoesNotFollowASymbolicLink) {
  std::filesystem::create_symlink("/etc/passwd", path_ + "/link");
  EXPECT_FALSE(open_for_read(fd(), "link", Caching::buffered).has_value());
}

TEST_F(FileTest, AShortFileIsNoticed) {
  Result<Fd> file = create_file(fd(), "short", Caching::buffered);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(create_file(fd(), "short", Caching::buffered).error().code, Errc::exists);
  ASSERT_TRUE(preallocate(file->get(), 0, 10).has_value());
  EXPECT_EQ(file_size(file->get()).value_or(0), 10u);
  std::vector<std::byte> into(11);
  EXPECT_EQ(read_exactly(file->get(), into, 0).error().code, Errc::corrupt);
  ASSERT_TRUE(truncate_file(file->get(), 3).has_value());
  EXPECT_EQ(file_size(file->get()).value_or(0), 3u);
}

TEST_F(FileTest, TheProbeGradesTheFileSystemAndTheKernel) {
  const std::vector<Finding> disk = probe_file_system(path_);
  EXPECT_GE(disk.size(), 4u);
  for (const Finding& finding : disk) {
    EXPECT_NE(finding.grade, Finding::Grade::fatal) << finding.what << ": " << finding.found;
    EXPECT_EQ(finding.cure.empty(), finding.grade == Finding::Grade::good) << finding.what;
  }
  EXPECT_EQ(probe_file_system(path_ + "/no").front().grade, Finding::Grade::fatal);
  for (const Finding& finding : probe_kernel(1, 1))
    EXPECT_EQ(finding.grade, Finding::Grade::good) << finding.what << ": " << finding.found;
}

TEST_F(FileTest, TellsTheFreeSpace) {
  Result<FreeSpace> space = free_space(fd());
  ASSERT_TRUE(space.has_value());
  EXPECT_GT(space->bytes, 0u);
  EXPECT_GT(space->inodes, 0u);
}

}  // namespace
}  // namespace mooring
