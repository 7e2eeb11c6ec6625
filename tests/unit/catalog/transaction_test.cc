#include "mooring/catalog/transaction.h"

#include <gtest/gtest.h>

#include "store.h"

namespace mooring {
namespace {

TEST(Transaction, SeesItsOwnChangesAndNobodyElseDoesBeforeTheWrite) {
  Store store;
  store.put(Family::asset, "old", "1");
  store.put(Family::asset, "gone", "1");
  Transaction transaction(*store.database);
  transaction.put(Family::asset, "new", "2");
  transaction.put(Family::asset, "old", "2");
  transaction.erase(Family::asset, "gone");

  EXPECT_EQ(transaction.get(Family::asset, "new").value(), "2");
  EXPECT_EQ(transaction.get(Family::asset, "gone").value(), std::nullopt);
  EXPECT_EQ(transaction.scan({.family = Family::asset}).value(),
            (std::vector<Entry>{{"new", "2"}, {"old", "2"}}));
  EXPECT_EQ(
      transaction.scan({.family = Family::asset, .limit = 1, .direction = Direction::backward})
          .value(),
      (std::vector<Entry>{{"old", "2"}}));
  EXPECT_EQ(store.database->scan({.family = Family::asset}).value(),
            (std::vector<Entry>{{"gone", "1"}, {"old", "1"}}));

  ASSERT_TRUE(transaction.write(Durability::durable));
  EXPECT_EQ(store.database->scan({.family = Family::asset}).value(),
            (std::vector<Entry>{{"new", "2"}, {"old", "2"}}));
  EXPECT_EQ(transaction.changes(), 0u);
}

TEST(Transaction, PrefixScansMixTablesMemoryAndBatchInBothDirections) {
  Store store;
  const std::string p(16, 'p');
  const std::string q(16, 'q');
  store.put(Family::child, p + "1", "");
  store.put(Family::child, q + "1", "");
  store.reopen_cold();
  store.put(Family::child, p + "3", "");
  Transaction transaction(*store.database);
  transaction.put(Family::child, p + "2", "");
  transaction.put(Family::child, q, "");  // right behind the last key with prefix p
  const auto scan = [&](Direction direction) {
    return transaction.scan({.family = Family::child, .prefix = p, .direction = direction}).value();
  };
  EXPECT_EQ(scan(Direction::forward),
            (std::vector<Entry>{{p + "1", ""}, {p + "2", ""}, {p + "3", ""}}));
  EXPECT_EQ(scan(Direction::backward),
            (std::vector<Entry>{{p + "3", ""}, {p + "2", ""}, {p + "1", ""}}));
}

TEST(Transaction, ScansBeginAndGoOnAmongStoredAndChangedKeysAlike) {
  Store store;
  for (const char* key : {"a", "c", "e"}) store.put(Family::asset, key, "stored");
  Transaction transaction(*store.database);
  for (const char* key : {"b", "c", "d"}) transaction.put(Family::asset, key, "changed");
  transaction.erase(Family::asset, "e");
  const auto keys = [&](std::string_view start, StartKey start_key, Direction direction) {
    std::string found;
    const auto entries = transaction.scan(
        {.family = Family::asset, .start = start, .start_key = start_key, .direction = direction});
    for (const Entry& entry : entries.value()) found += entry.key + entry.value.front() + ' ';
    return found;
  };
  EXPECT_EQ(keys("", StartKey::included, Direction::forward), "as bc cc dc ");
  EXPECT_EQ(keys("b", StartKey::included, Direction::forward), "bc cc dc ");
  EXPECT_EQ(keys("b", StartKey::excluded, Direction::forward), "cc dc ");
  EXPECT_EQ(keys("c", StartKey::excluded, Direction::backward), "bc as ");
  EXPECT_EQ(keys("d", StartKey::included, Direction::backward), "dc cc bc as ");
}

TEST(Transaction, ReadsARecordOnceAndAfterTheWriteAgain) {
  Store store;
  Transaction transaction(*store.database);
  EXPECT_EQ(transaction.get(Family::asset, "a").value(), std::nullopt);
  store.put(Family::asset, "a", "1");  // behind its back, as nobody does
  EXPECT_EQ(transaction.get(Family::asset, "a").value(), std::nullopt);
  transaction.put(Family::asset, "b", "1");
  ASSERT_TRUE(transaction.write(Durability::relaxed));
  EXPECT_EQ(transaction.get(Family::asset, "a").value(), "1");
}

TEST(Transaction, AWriteMovesTheGenerationsOfWhatItChanged) {
  Store store;
  const std::uint64_t of_keys = store.database->generation(Family::key);
  const std::uint64_t of_blobs = store.database->generation(Family::blob);
  store.put(Family::key, "k", "1");
  EXPECT_GT(store.database->generation(Family::key), of_keys);
  EXPECT_EQ(store.database->generation(Family::blob), of_blobs);
}

TEST(Transaction, RollingBackOneMutationLeavesTheOthers) {
  Store store;
  store.put(Family::asset, "base", "0");
  Transaction transaction(*store.database);
  transaction.begin_mutation();
  transaction.put(Family::asset, "a", "1");
  transaction.keep();

  transaction.begin_mutation();
  transaction.put(Family::asset, "a", "2");
  transaction.put(Family::asset, "b", "2");
  transaction.erase(Family::asset, "base");
  EXPECT_EQ(transaction.get(Family::asset, "base").value(), std::nullopt);
  transaction.roll_back();
  EXPECT_EQ(transaction.get(Family::asset, "a").value(), "1");
  EXPECT_EQ(transaction.get(Family::asset, "b").value(), std::nullopt);
  EXPECT_EQ(transaction.get(Family::asset, "base").value(), "0");

  transaction.begin_mutation();
  transaction.roll_back();  // one that has only read
  transaction.begin_mutation();
  transaction.put(Family::asset, "c", "3");
  transaction.keep();
  ASSERT_TRUE(transaction.write(Durability::durable));
  EXPECT_EQ(store.database->scan({.family = Family::asset}).value(),
            (std::vector<Entry>{{"a", "1"}, {"base", "0"}, {"c", "3"}}));
}

TEST(Transaction, CountsChangesAndBytes) {
  Store store;
  Transaction transaction(*store.database);
  const std::size_t empty_bytes = transaction.size_bytes();
  transaction.put(Family::asset, "a", std::string(1000, 'x'));
  transaction.erase(Family::asset, "b");
  EXPECT_EQ(transaction.changes(), 2u);
  EXPECT_GT(transaction.size_bytes(), empty_bytes + 1000);
}

}  // namespace
}  // namespace mooring
