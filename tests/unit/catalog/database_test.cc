#include "mooring/catalog/database.h"

#include <gtest/gtest.h>

#include <fstream>

#include "store.h"

namespace mooring {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> keys_of(const Result<std::vector<Entry>>& entries) {
  std::vector<std::string> keys;
  for (const Entry& entry : entries.value()) keys.push_back(entry.key);
  return keys;
}

using Keys = std::vector<std::string>;

/// Removes the files in `directory` whose name contains `part`; there is at least one.
void remove_files(const fs::path& directory, std::string_view part) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.path().filename().string().contains(part)) found.push_back(entry.path());
  ASSERT_FALSE(found.empty());
  for (const fs::path& path : found) fs::remove(path);
}

void flip_byte(const fs::path& path, std::uintmax_t offset) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const char byte = static_cast<char>(file.get());
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ 0x40));
}

TEST(Database, FamiliesDoNotSeeEachOther) {
  Store store;
  store.put(Family::asset, "key", "asset");
  store.put(Family::picture, "key", "picture");
  EXPECT_EQ(store.database->get(Family::asset, "key").value(), "asset");
  EXPECT_EQ(store.database->get(Family::picture, "key").value(), "picture");
  EXPECT_EQ(store.database->get(Family::meta, "key").value(), std::nullopt);
}

TEST(Database, ScansAreOrderedBoundedAndKeepToTheirPrefix) {
  Store store;
  for (const char* key : {"a", "ba", "bb", "bc", "c"}) store.put(Family::segment, key, key);
  const Database& database = *store.database;
  const auto scan = [&](ScanRange range) {
    range.family = Family::segment;
    return keys_of(database.scan(range));
  };
  EXPECT_EQ(scan({}), (Keys{"a", "ba", "bb", "bc", "c"}));
  EXPECT_EQ(scan({.prefix = "b"}), (Keys{"ba", "bb", "bc"}));
  EXPECT_EQ(scan({.prefix = "b", .limit = 2}), (Keys{"ba", "bb"}));
  EXPECT_EQ(scan({.prefix = "b", .start = "bb"}), (Keys{"bb", "bc"}));
  EXPECT_EQ(scan({.prefix = "b", .start = "bb", .start_key = StartKey::excluded}), (Keys{"bc"}));
  EXPECT_EQ(scan({.prefix = "b", .direction = Direction::backward}), (Keys{"bc", "bb", "ba"}));
  EXPECT_EQ(scan({.direction = Direction::backward}), (Keys{"c", "bc", "bb", "ba", "a"}));
  EXPECT_EQ(scan({.prefix = "b",
                  .start = "bc",
                  .start_key = StartKey::excluded,
                  .direction = Direction::backward}),
            (Keys{"bb", "ba"}));
  EXPECT_EQ(scan({.prefix = "d"}), Keys{});
  EXPECT_EQ(scan({.limit = 0}), Keys{});
}

TEST(Database, ScanEndsAtThePrefixEvenWhereItsBytesAreTheHighest) {
  Store store;
  const std::string highest(16, '\xff');
  store.put(Family::child, highest + "1", "");
  store.put(Family::child, highest + "2", "");
  store.put(Family::child, std::string(15, '\xff') + '\xfe' + "3", "");
  const auto scan = [&](Direction direction) {
    return keys_of(
        store.database->scan({.family = Family::child, .prefix = highest, .direction = direction}));
  };
  EXPECT_EQ(scan(Direction::forward), (Keys{highest + "1", highest + "2"}));
  EXPECT_EQ(scan(Direction::backward), (Keys{highest + "2", highest + "1"}));
}

TEST(Database, PrefixScansFindWhatLiesInTablesAndInMemory) {
  Store store;
  const std::string parent(16, 'p');
  store.put(Family::child, parent + "1", "");
  store.put(Family::child, std::string(16, 'q') + "1", "");
  store.reopen_cold();
  store.put(Family::child, parent + "2", "");
  EXPECT_EQ(keys_of(store.database->scan({.family = Family::child, .prefix = parent})),
            (Keys{parent + "1", parent + "2"}));
  EXPECT_EQ(keys_of(store.database->scan({.family = Family::child, .prefix = "p"})),
            (Keys{parent + "1", parent + "2"}));
  EXPECT_TRUE(any_key(*store.database, Family::child, parent).value());
  EXPECT_FALSE(any_key(*store.database, Family::child, std::string(16, 'x')).value());
}

TEST(Database, AColdRecordIsNotReadFromMemoryUntilSomebodyFetchedIt) {
  Store store;
  store.put(Family::asset, "key", "value");
  EXPECT_EQ(store.database->try_get(Family::asset, "key").value().value(), "value");
  store.reopen_cold();
  EXPECT_FALSE(store.database->try_get(Family::asset, "key"));
  EXPECT_FALSE(store.database->try_scan({.family = Family::asset}));
  EXPECT_EQ(store.database->get(Family::asset, "key").value(), "value");
  EXPECT_EQ(store.database->try_get(Family::asset, "key").value().value(), "value");
  EXPECT_EQ(keys_of(store.database->try_scan({.family = Family::asset}).value()), Keys{"key"});
}

// RocksDB opens only the first tables of a store that it opens; of a table that is not open, a read
// from memory says "found" and has no value.
TEST(Database, ARecordInATableThatIsNotOpenYetIsNeverEmpty) {
  Store store;
  const std::string key(32, 'k');
  for (const std::string_view value : {"older", "newer"}) {
    for (const FamilyRow& row : kFamilyTable) store.put(row.family, key, value);
    store.reopen_cold();
  }
  for (const FamilyRow& row : kFamilyTable) {
    const auto answer = store.database->try_get(row.family, key);
    if (answer) EXPECT_EQ(answer->value(), "newer") << row.name;
    EXPECT_EQ(store.database->get(row.family, key).value(), "newer") << row.name;
    EXPECT_EQ(store.database->try_get(row.family, key).value().value(), "newer") << row.name;
  }
}

TEST(Database, TellsHowTheLastProcessStopped) {
  Store store;
  EXPECT_EQ(store.database->last_stop(), LastStop::none);
  store.reopen();
  EXPECT_EQ(store.database->last_stop(), LastStop::unclean);
  store.reopen_cold();
  EXPECT_EQ(store.database->last_stop(), LastStop::clean);
  store.reopen();
  EXPECT_EQ(store.database->last_stop(), LastStop::unclean) << "the mark was taken at the open";
}

TEST(Database, SyncedRecordsSurviveAnUncleanStop) {
  Store store;
  Transaction transaction(*store.database);
  transaction.put(Family::asset, "key", "value");
  ASSERT_TRUE(transaction.write(Durability::durable));
  store.reopen();
  EXPECT_EQ(store.database->get(Family::asset, "key").value(), "value");
}

TEST(Database, ASecondOpenIsRefused) {
  Store store;
  const auto second = Database::open(store.directory.path(), small_database(OpenMode::existing));
  EXPECT_EQ(code_of(second), Errc::io_error);
}

TEST(Database, AMissingCatalogueIsNeverReplacedByAnEmptyOne) {
  Store store;
  ASSERT_TRUE(store.database->close());
  store.database.reset();
  fs::remove(store.directory.path() / "CURRENT");
  const auto opened = Database::open(store.directory.path(), small_database(OpenMode::existing));
  EXPECT_EQ(code_of(opened), Errc::corrupt);
}

TEST(Database, AMissingTableOrLogRefusesToOpen) {
  for (const std::string_view part : {".sst", ".log", "MANIFEST"}) {
    Store store;
    for (int i = 0; i < 3; ++i) {
      Transaction transaction(*store.database);
      transaction.put(Family::asset, std::to_string(i), std::string(1000, 'v'));
      ASSERT_TRUE(transaction.write(Durability::durable));
      if (i == 0) store.reopen_cold();
    }
    store.database.reset();
    remove_files(store.directory.path(), part);
    const auto opened = Database::open(store.directory.path(), small_database(OpenMode::existing));
    EXPECT_EQ(code_of(opened), Errc::corrupt) << part;
  }
}

TEST(Database, AFlippedBitInATableIsCorruptAndNeverAnAnswer) {
  Store store;
  store.put(Family::asset, "key", std::string(1000, 'v'));
  ASSERT_TRUE(store.database->close());
  store.database.reset();
  for (const auto& entry : fs::directory_iterator(store.directory.path()))
    if (entry.path().extension() == ".sst") flip_byte(entry.path(), 20);
  const auto opened = Database::open(store.directory.path(), small_database(OpenMode::existing));
  if (!opened) {
    EXPECT_EQ(code_of(opened), Errc::corrupt);
    return;
  }
  EXPECT_EQ(code_of((*opened)->get(Family::asset, "key")), Errc::corrupt);
  EXPECT_EQ(code_of((*opened)->verify_checksums()), Errc::corrupt);
}

TEST(Database, UsageCountsMemoryAndTables) {
  Store store;
  store.put(Family::asset, "key", std::string(10'000, 'v'));
  EXPECT_GT(store.database->usage().write_buffer_bytes, 10'000u);
  store.reopen_cold();
  (void)store.database->get(Family::asset, "key");
  EXPECT_GT(store.database->usage().table_file_bytes, 0u);
  EXPECT_GT(store.database->usage().block_cache_bytes, 0u);
  EXPECT_TRUE(store.database->verify_checksums());
}

}  // namespace
}  // namespace mooring
