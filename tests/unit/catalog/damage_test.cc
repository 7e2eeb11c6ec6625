// Marks of damage and the scrub's progress in the catalogue.
#include "mooring/catalog/damage.h"

#include <gtest/gtest.h>

#include "mooring/catalog/blobs.h"
#include "unit/catalog/store.h"

namespace mooring {
namespace {

BlobId blob(std::uint64_t n) {
  return {{n, n}, 0};
}

class DamageTest : public ::testing::Test {
 protected:
  void put(const BlobId& id) {
    ASSERT_TRUE(store_.apply([&](Transaction& transaction) -> Status {
      const Status put = put_blob(transaction, id, {.size_bytes = 1, .location = {}});
      return put ? add_reference(transaction, id, "o") : put;
    }));
  }
  bool mark(const BlobId& id, std::int64_t now_ms) {
    const auto marked = store_.apply(
        [&](Transaction& transaction) { return mark_damaged(transaction, id, now_ms); });
    EXPECT_TRUE(marked);
    return *marked;
  }
  std::vector<DamageMark> marks() {
    const auto marks = list_damaged(*store_.database, 100);
    EXPECT_TRUE(marks);
    return *marks;
  }

  Store store_;
};

TEST_F(DamageTest, AMarkStaysAsItWasFirstSet) {
  put(blob(1));
  EXPECT_TRUE(mark(blob(1), 100));
  EXPECT_FALSE(mark(blob(1), 200));
  EXPECT_EQ(marks(), (std::vector<DamageMark>{{blob(1), 100}}));
}

TEST_F(DamageTest, WhatHasNoRecordIsNotMarked) {
  EXPECT_FALSE(mark(blob(1), 100));
  EXPECT_TRUE(marks().empty());
}

TEST_F(DamageTest, AMarkGoesWithItsBlob) {
  put(blob(1));
  put(blob(2));
  mark(blob(1), 100);
  mark(blob(2), 100);
  ASSERT_TRUE(store_.apply([&](Transaction& transaction) -> Status {
    const Status dropped = drop_reference(transaction, blob(1), "o", 1);
    if (!dropped) return dropped;
    const auto forgotten = forget_blob(transaction, blob(1));
    if (!forgotten) return std::unexpected(forgotten.error());
    return {};
  }));
  EXPECT_EQ(marks(), (std::vector<DamageMark>{{blob(2), 100}}));
}

TEST_F(DamageTest, UnmarkingTellsWhetherThereWasAMark) {
  put(blob(1));
  mark(blob(1), 100);
  const auto unmark = [](Transaction& transaction) { return unmark_damaged(transaction, blob(1)); };
  EXPECT_EQ(store_.apply(unmark), true);
  EXPECT_EQ(store_.apply(unmark), false);
}

TEST_F(DamageTest, MarksAreListedInPages) {
  for (std::uint64_t n = 1; n <= 5; ++n) {
    put(blob(n));
    mark(blob(n), 100);
  }
  const auto second = list_damaged(*store_.database, 2, blob(2));
  ASSERT_TRUE(second);
  ASSERT_EQ(second->size(), 2u);
  EXPECT_EQ(second->front().id, blob(3));
}

TEST_F(DamageTest, TheProgressOfTheScrubIsRememberedAsSaved) {
  EXPECT_EQ(load_scrub_progress(*store_.database), ScrubProgress{});
  for (const ScrubProgress& saved :
       {ScrubProgress{.began_ms = 5, .is_complete = false, .after = blob(3)},
        ScrubProgress{.began_ms = 7, .is_complete = true, .after = std::nullopt}}) {
    ASSERT_TRUE(store_.apply([&](Transaction& transaction) -> Status {
      save_scrub_progress(transaction, saved);
      return {};
    }));
    EXPECT_EQ(load_scrub_progress(*store_.database), saved);
  }
}

}  // namespace
}  // namespace mooring
