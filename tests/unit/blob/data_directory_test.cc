#include "mooring/blob/data_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "harness.h"

namespace mooring {
namespace {

class DataDirectoryTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name) << text;
  }
  [[nodiscard]] Errc error_of_open(const DataDirectoryOptions& options = {}) const {
    const Result<std::unique_ptr<DataDirectory>> opened = DataDirectory::open(path_, options);
    EXPECT_FALSE(opened);
    return opened ? Errc::internal : opened.error().code;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path() / "data";
};

TEST_F(DataDirectoryTest, FormatsWhatIsNotThereAndFindsItAgain) {
  Uuid store;
  {
    const auto made = DataDirectory::open(path_);
    ASSERT_TRUE(made) << describe(made.error());
    store = (*made)->store_id();
    EXPECT_TRUE(std::filesystem::is_directory(path_ + "/blobs/00"));
    EXPECT_TRUE(std::filesystem::is_directory(path_ + "/blobs/ff"));
    EXPECT_TRUE(std::filesystem::is_directory(path_ + "/segments"));
    EXPECT_FALSE(std::filesystem::exists(path_ + "/blobs/probe"));
  }
  const auto again = DataDirectory::open(path_, {.if_absent = IfAbsent::refuse});
  ASSERT_TRUE(again) << describe(again.error());
  EXPECT_EQ((*again)->store_id(), store);
}

TEST_F(DataDirectoryTest, IsNewUntilSomebodySaysThatTheCatalogueIsMade) {
  Uuid store;
  for (int i = 0; i < 2; ++i) {
    const auto opened = DataDirectory::open(path_);
    ASSERT_TRUE(opened) << describe(opened.error());
    EXPECT_TRUE((*opened)->is_new()) << "a start that died between format and catalogue";
    store = (*opened)->store_id();
    if (i == 1) EXPECT_TRUE((*opened)->complete());
    EXPECT_EQ((*opened)->is_new(), i == 0);
  }
  const auto opened = DataDirectory::open(path_);
  ASSERT_TRUE(opened) << describe(opened.error());
  EXPECT_FALSE((*opened)->is_new());
  EXPECT_EQ((*opened)->store_id(), store);
}

TEST_F(DataDirectoryTest, TheSecondOwnerIsRefused) {
  const auto first = DataDirectory::open(path_);
  ASSERT_TRUE(first);
  EXPECT_EQ(error_of_open(), Errc::conflict);
}

TEST_F(DataDirectoryTest, TheLockGoesWithItsOwner) {
  {
    ASSERT_TRUE(DataDirectory::open(path_));
  }
  EXPECT_TRUE(DataDirectory::open(path_));
}

TEST_F(DataDirectoryTest, RefusesToFormatWhenAskedTo) {
  std::filesystem::create_directory(path_);
  EXPECT_EQ(error_of_open({.if_absent = IfAbsent::refuse}), Errc::not_found);
  EXPECT_TRUE(std::filesystem::is_empty(path_));
}

TEST_F(DataDirectoryTest, RefusesAForeignDirectory) {
  std::filesystem::create_directory(path_);
  write("thesis.tex", "not ours");
  EXPECT_EQ(error_of_open(), Errc::invalid);
  EXPECT_FALSE(std::filesystem::exists(path_ + "/LOCK"));
}

TEST_F(DataDirectoryTest, RefusesACatalogueWithoutSuperblock) {
  {
    ASSERT_TRUE(DataDirectory::open(path_));
  }
  std::filesystem::create_directory(path_ + "/catalog");
  std::filesystem::remove(path_ + "/SUPERBLOCK");
  EXPECT_EQ(error_of_open(), Errc::corrupt);
}

TEST_F(DataDirectoryTest, RefusesAnUnknownFormatVersion) {
  {
    ASSERT_TRUE(DataDirectory::open(path_));
  }
  write("SUPERBLOCK",
        "mooring data directory\nformat 2\nstore 00000000-0000-4000-8000-000000000000\n");
  EXPECT_EQ(error_of_open(), Errc::not_implemented);
}

TEST_F(DataDirectoryTest, RefusesADamagedSuperblock) {
  {
    ASSERT_TRUE(DataDirectory::open(path_));
  }
  write("SUPERBLOCK", "");
  EXPECT_EQ(error_of_open(), Errc::corrupt);
  write("SUPERBLOCK", "format 1\nstore nobody\n");
  EXPECT_EQ(error_of_open(), Errc::corrupt);
}

TEST_F(DataDirectoryTest, AFormatThatWasInterruptedIsDoneAgain) {
  std::filesystem::create_directories(path_ + "/blobs/07");
  write("LOCK", "");
  write("SUPERBLOCK.new", "mooring da");
  const auto opened = DataDirectory::open(path_);
  ASSERT_TRUE(opened) << describe(opened.error());
  EXPECT_TRUE(std::filesystem::is_directory(path_ + "/blobs/ff"));
  EXPECT_FALSE(std::filesystem::exists(path_ + "/SUPERBLOCK.new"));
}

TEST_F(DataDirectoryTest, OpensByWayOfASymbolicLink) {
  {
    ASSERT_TRUE(DataDirectory::open(path_));
  }
  const std::string link = directory_.path() / "link";
  std::filesystem::create_directory_symlink(path_, link);
  EXPECT_TRUE(DataDirectory::open(link));
}

TEST_F(DataDirectoryTest, WeakerWaysCanBeForced) {
  const auto opened =
      DataDirectory::open(path_, {.caching = Caching::buffered, .naming = Naming::temporary});
  ASSERT_TRUE(opened);
  EXPECT_EQ((*opened)->caching(), Caching::buffered);
  EXPECT_EQ((*opened)->naming(), Naming::temporary);
}

}  // namespace
}  // namespace mooring
