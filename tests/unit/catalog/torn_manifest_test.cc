// A MANIFEST whose last entry was not written to its end: opened, without that entry.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "mooring/catalog/transaction.h"
#include "store.h"

namespace mooring {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class TornManifestTest : public ::testing::Test {
 protected:
  TornManifestTest() {
    const auto database = open_database(directory_.path(), OpenMode::create);
    Transaction transaction(*database);
    transaction.put(Family::asset, "key", "value");
    MOORING_CHECK(transaction.write(Durability::durable).has_value(), "a commit of a test");
  }  // not closed, as after a crash

  [[nodiscard]] fs::path manifest() const {
    std::string name = text_of(directory_.path() / "CURRENT");
    name.pop_back();
    return directory_.path() / name;
  }
  /// Appends a record of `size` bytes of which only those before the next sector were written.
  void append_torn(std::size_t size) const {
    const std::size_t begin = fs::file_size(manifest());
    std::string record = {'\x11',
                          '\x22',
                          '\x33',
                          '\x44',
                          static_cast<char>(size & 0xff),
                          static_cast<char>(size >> 8),
                          '\x01'};
    record.append(size, '\x55');
    const std::size_t sector = (begin / 512 + 1) * 512;
    for (std::size_t i = sector - begin; i < record.size(); ++i) record[i] = '\0';
    std::ofstream(manifest(), std::ios::binary | std::ios::app) << record;
  }
  [[nodiscard]] Result<std::unique_ptr<Database>> open() const {
    return Database::open(directory_.path(), small_database(OpenMode::existing));
  }

  TemporaryDirectory directory_;
};

TEST_F(TornManifestTest, AnEntryThatEndsInZerosIsCutOff) {
  append_torn(1'500);
  const auto opened = open();
  ASSERT_TRUE(opened) << describe(opened.error());
  EXPECT_EQ((*opened)->get(Family::asset, "key").value(), "value");
}

TEST_F(TornManifestTest, DamageThatIsNoTornEndIsRefusedAndLeftAsItIs) {
  const fs::path path = manifest();
  std::string log = text_of(path);
  log[log.size() / 2] = static_cast<char>(log[log.size() / 2] ^ 0x10);
  std::ofstream(path, std::ios::binary) << log;
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::corrupt);
  EXPECT_EQ(text_of(path), log);
}

TEST_F(TornManifestTest, WhatWasCutOffInVainIsPutBack) {
  const fs::path path = manifest();
  std::string log = text_of(path);
  log[log.size() / 2] = static_cast<char>(log[log.size() / 2] ^ 0x10);
  std::ofstream(path, std::ios::binary) << log;
  append_torn(1'500);
  const std::string before = text_of(path);
  EXPECT_FALSE(open());
  EXPECT_EQ(text_of(path), before);
}

}  // namespace
}  // namespace mooring
