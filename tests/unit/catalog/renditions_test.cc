#include "mooring/catalog/renditions.h"

#include <gtest/gtest.h>

#include "mooring/catalog/blobs.h"
#include "unit/catalog/store.h"

namespace mooring {
namespace {

BlobId blob(std::uint64_t number) {
  return {.hash = {number, number}};
}

RenditionKey key(std::uint64_t original, std::uint16_t side = 200) {
  return {.original = blob(original), .width_max = side, .height_max = side, .format = 2};
}

class Renditions : public ::testing::Test {
 protected:
  // A stored blob that an asset refers to.
  void add(std::uint64_t number) {
    ASSERT_TRUE(store_.apply([&](Transaction& transaction) -> Status {
      if (Status put = put_blob(transaction, blob(number), {.size_bytes = 1}); !put) return put;
      return add_reference(transaction, blob(number), "owner");
    }));
  }
  void disown(std::uint64_t number) {
    ASSERT_TRUE(store_.apply([&](Transaction& transaction) {
      return drop_reference(transaction, blob(number), "owner", 1);
    }));
  }
  // A rendition as it is stored: with a blob of its own that only it refers to.
  Status make(const RenditionKey& rendition, std::uint64_t number) {
    return store_.apply([&](Transaction& transaction) -> Status {
      const auto known = find_blob(transaction, blob(number));
      if (!*known) {
        if (Status put = put_blob(transaction, blob(number), {.size_bytes = 1}); !put) return put;
      }
      return put_rendition(transaction, rendition, blob(number), 1);
    });
  }
  // What the collector does, until nothing is left to do.
  void collect() {
    while (true) {
      const auto marks = list_garbage(*store_.database, 100);
      bool moved = false;
      for (const GarbageMark& mark : *marks)
        moved |= store_
                     .apply([&](Transaction& transaction) -> Status {
                       const auto forgotten = forget_blob(transaction, mark.id);
                       if (!forgotten) return std::unexpected(forgotten.error());
                       if (auto dropped = drop_renditions(transaction, mark.id, 1); !dropped)
                         return std::unexpected(dropped.error());
                       return forget_mark(transaction, mark.id);
                     })
                     .has_value();
      if (!moved) return;
    }
  }
  bool exists(std::uint64_t number) {
    return find_blob(*store_.database, blob(number))->has_value();
  }
  std::optional<BlobId> found(const RenditionKey& rendition) {
    return *find_rendition(*store_.database, rendition);
  }
  std::size_t records() { return store_.database->scan({.family = Family::rendition})->size(); }

  Store store_;
};

TEST_F(Renditions, AreFoundByOriginalAndSpecification) {
  add(1);
  ASSERT_TRUE(make(key(1), 10));
  EXPECT_EQ(found(key(1)), blob(10));
  EXPECT_FALSE(found(key(1, 400)));
  EXPECT_FALSE(found(key(2)));
}

TEST_F(Renditions, GoWithTheirOriginal) {
  add(1);
  ASSERT_TRUE(make(key(1, 200), 10));
  ASSERT_TRUE(make(key(1, 400), 11));
  collect();
  EXPECT_TRUE(exists(10)) << "the original lives";
  disown(1);
  collect();
  EXPECT_FALSE(exists(1) || exists(10) || exists(11));
  EXPECT_EQ(records(), 0u);
}

TEST_F(Renditions, OutliveTheirOriginalWhereSomebodyElseHasThem) {
  add(1);
  add(10);
  ASSERT_TRUE(make(key(1), 10));
  disown(1);
  collect();
  EXPECT_FALSE(exists(1));
  EXPECT_TRUE(exists(10));
  EXPECT_EQ(records(), 0u);
}

TEST_F(Renditions, AreNotRecordedForWhatIsGone) {
  EXPECT_EQ(code_of(make(key(1), 10)), Errc::not_found);
  EXPECT_FALSE(exists(10)) << "nothing of the mutation is kept";
}

TEST_F(Renditions, ASecondOneReplacesTheFirst) {
  add(1);
  ASSERT_TRUE(make(key(1), 10));
  ASSERT_TRUE(make(key(1), 11));
  collect();
  EXPECT_EQ(found(key(1)), blob(11));
  EXPECT_FALSE(exists(10));
  ASSERT_TRUE(make(key(1), 11)) << "and the same again changes nothing";
  collect();
  EXPECT_TRUE(exists(11));
}

TEST_F(Renditions, APictureThatIsItsOwnRenditionStillGoes) {
  add(1);
  ASSERT_TRUE(make(key(1), 1));
  EXPECT_EQ(found(key(1)), blob(1));
  disown(1);
  collect();
  EXPECT_FALSE(exists(1));
  EXPECT_EQ(records(), 0u);
}

TEST_F(Renditions, ARingOfRenditionsStillGoes) {
  for (const std::uint64_t number : {1, 2, 3}) add(number);
  ASSERT_TRUE(make(key(1), 2));
  ASSERT_TRUE(make(key(2), 3));
  ASSERT_TRUE(make(key(3), 1));
  for (const std::uint64_t number : {1, 2, 3}) disown(number);
  collect();
  EXPECT_FALSE(exists(1) || exists(2) || exists(3));
  EXPECT_EQ(records(), 0u);
}

TEST_F(Renditions, ARenditionThatKeepsNothingAliveIsNotFoundOnceItsBlobIsGone) {
  for (const std::uint64_t number : {1, 2}) add(number);
  ASSERT_TRUE(make(key(1), 2));
  ASSERT_TRUE(make(key(2), 1));  // would be a ring: without a reference
  ASSERT_TRUE(make(key(1), 5));  // 2 is no rendition of 1 any more
  disown(1);
  collect();
  EXPECT_FALSE(exists(1));
  EXPECT_TRUE(exists(2));
  EXPECT_FALSE(found(key(2)));
  ASSERT_TRUE(make(key(2), 6)) << "and is made anew";
  EXPECT_EQ(found(key(2)), blob(6));
}

TEST(RenditionOwner, IsReadBackAndNothingElseIs) {
  const RenditionKey one{
      .original = {{1, 2}, 3}, .width_max = 160, .height_max = 4096, .format = 2};
  EXPECT_EQ(parse_rendition_owner(rendition_owner(one)), one);
  EXPECT_EQ(*decode_rendition_key(rendition_key(one)), one);
  const std::string owner = rendition_owner(one);
  for (const std::string& bad :
       {owner + "0x", owner.substr(0, owner.size() - 2), std::string("rendition/x/1x1-1"),
        std::string("picture/1"), std::string("rendition/"),
        "rendition/" + to_string(one.original) + "/0160x4096-2",
        "rendition/" + to_string(one.original) + "/70000x1-2"})
    EXPECT_FALSE(parse_rendition_owner(bad)) << bad;
}

TEST(RenditionRecord, IsReadBackAndDamageIsNoticed) {
  const RenditionRecord record{{{7, 8}, 1}, RenditionHold::none};
  EXPECT_EQ(*decode_rendition(encode(record)), record);
  EXPECT_EQ(code_of(decode_rendition(encode(record) + "x")), Errc::corrupt);
  EXPECT_EQ(code_of(decode_rendition(encode(record).substr(0, 5))), Errc::corrupt);
}

}  // namespace
}  // namespace mooring
