#include "mooring/catalog/garbage.h"

#include <gtest/gtest.h>

#include "mooring/catalog/blobs.h"
#include "store.h"

namespace mooring {
namespace {

constexpr BlobId id_of(std::uint64_t number) {
  return {{number, 0}, 0};
}

TEST(GarbageQueue, GivesWhatWasNotedOnce) {
  GarbageQueue queue;
  EXPECT_TRUE(queue.take(10).empty());
  for (std::uint64_t number = 1; number <= 3; ++number) queue.note(id_of(number));
  EXPECT_EQ(queue.take(2), (std::vector<BlobId>{id_of(2), id_of(3)}));
  EXPECT_EQ(queue.take(2), (std::vector<BlobId>{id_of(1)}));
  EXPECT_TRUE(queue.take(2).empty());
}

TEST(GarbageQueue, AsksForASearchAtFirstAndWhenItOverflows) {
  GarbageQueue queue;
  EXPECT_TRUE(queue.take_search()) << "what a stop has left";
  EXPECT_FALSE(queue.take_search());
  for (std::uint64_t number = 0; number < GarbageQueue::kMarksMax; ++number)
    queue.note(id_of(number));
  EXPECT_FALSE(queue.take_search());
  queue.note(id_of(GarbageQueue::kMarksMax));
  EXPECT_TRUE(queue.take_search());
  EXPECT_EQ(queue.take(GarbageQueue::kMarksMax + 1).size(), GarbageQueue::kMarksMax);
  queue.ask_for_search();
  EXPECT_TRUE(queue.take_search());
}

TEST(GarbageQueue, HearsOfTheMarksOfABatchOnceItIsWritten) {
  Store store;
  const BlobId kept = id_of(1);
  const BlobId dropped = id_of(2);
  Transaction transaction(*store.database);
  for (const BlobId& id : {kept, dropped}) {
    ASSERT_TRUE(put_blob(transaction, id, {10, {.tier = Tier::file}}));
    ASSERT_TRUE(add_reference(transaction, id, "image/1"));
    ASSERT_TRUE(drop_reference(transaction, id, "image/1", 5));
  }
  ASSERT_TRUE(add_reference(transaction, kept, "image/2"));
  EXPECT_TRUE(store.database->garbage().take(9).empty()) << "not written yet";
  ASSERT_TRUE(transaction.write(Durability::relaxed));
  EXPECT_EQ(store.database->garbage().take(9), (std::vector<BlobId>{dropped}));
}

}  // namespace
}  // namespace mooring
