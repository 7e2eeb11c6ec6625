#include "catalog/rocks_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "store.h"

namespace mooring {
namespace {

std::string told_by(void (*say)(rocksdb::Logger*, const char*, ...), const std::string& text) {
  const std::shared_ptr<rocksdb::Logger> log = rocks_log();
  testing::internal::CaptureStderr();
  say(log.get(), "%s, %d times\n", text.c_str(), 3);
  return testing::internal::GetCapturedStderr();
}

TEST(RocksLog, WarningsAndErrorsAreLinesOfTheServersLog) {
  const std::string warning = told_by(rocksdb::Warn, "a table is late");
  EXPECT_TRUE(warning.contains("warning")) << warning;
  EXPECT_TRUE(warning.ends_with("a table is late, 3 times\n")) << warning;
  const std::string error = told_by(rocksdb::Error, "a table is lost");
  EXPECT_TRUE(error.contains("error")) << error;
  EXPECT_TRUE(error.ends_with("a table is lost, 3 times\n")) << error;
}

TEST(RocksLog, WhatIsNoNewsIsNotSaid) {
  EXPECT_EQ(told_by(rocksdb::Info, "a table is made"), "");
  EXPECT_EQ(told_by(rocksdb::Header, "a table is made"), "");
}

TEST(RocksLog, LongLinesAreCut) {
  const std::string line = told_by(rocksdb::Error, std::string(100'000, 'x'));
  EXPECT_GT(line.size(), 1'000u);
  EXPECT_LT(line.size(), 2'000u);
}

TEST(RocksLog, ANewCatalogueIsNoNewsAndHasNoLogFileOfItsOwn) {
  TemporaryDirectory directory;
  const std::filesystem::path catalog = directory.path() / "catalog";
  testing::internal::CaptureStderr();
  auto database = Database::open(catalog, small_database(OpenMode::create));
  ASSERT_TRUE(database);
  ASSERT_TRUE((*database)->verify_checksums());
  ASSERT_TRUE((*database)->close());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  for (const auto& file : std::filesystem::directory_iterator(catalog))
    EXPECT_FALSE(file.path().filename().string().starts_with("LOG")) << file.path();
}

}  // namespace
}  // namespace mooring
