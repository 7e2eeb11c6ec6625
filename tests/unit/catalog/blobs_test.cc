#include "mooring/catalog/blobs.h"

#include <gtest/gtest.h>

#include "store.h"

namespace mooring {
namespace {

constexpr BlobId kId{{0xaaaa, 0xbbbb}, 0};
constexpr BlobId kOther{{0xaaaa, 0xbbbb}, 1};
constexpr BlobRecord kFile{2'000'000, {.tier = Tier::file}};
constexpr BlobRecord kSmall{1'000, {Tier::segment, 2, 7, 4096}};
constexpr SegmentName kSegment{2, 7};

struct Blobs : testing::Test {
  Store store;

  Status put(const BlobId& id, const BlobRecord& record) {
    return store.apply([&](Transaction& t) { return put_blob(t, id, record); });
  }
  Status add(const BlobId& id, std::string_view owner) {
    return store.apply([&](Transaction& t) { return add_reference(t, id, owner); });
  }
  Status drop(const BlobId& id, std::string_view owner, std::int64_t now_ms = 5) {
    return store.apply([&](Transaction& t) { return drop_reference(t, id, owner, now_ms); });
  }
  Result<std::optional<BlobRecord>> forget(const BlobId& id) {
    return store.apply([&](Transaction& t) { return forget_blob(t, id); });
  }
  Status end_unlink(const BlobId& id) {
    return store.apply([&](Transaction& t) { return forget_mark(t, id); });
  }
  std::vector<GarbageMark> garbage() { return list_garbage(*store.database, 100).value(); }
  SegmentRecord segment(SegmentName name = kSegment) {
    return find_segment(*store.database, name).value().value_or(SegmentRecord{});
  }
};

TEST_F(Blobs, AreFoundByIdAndAllOrdinalsByHash) {
  ASSERT_TRUE(put(kOther, kSmall));
  ASSERT_TRUE(put(kId, kFile));
  ASSERT_TRUE(put({{0xaaaa, 0xbbbc}, 0}, kFile));
  EXPECT_EQ(find_blob(*store.database, kId).value(), kFile);
  EXPECT_EQ(find_blob(*store.database, {{1, 1}, 0}).value(), std::nullopt);
  const auto candidates = find_blobs_of_hash(*store.database, kId.hash).value();
  ASSERT_EQ(candidates.size(), 2u);
  EXPECT_EQ(candidates[0], std::pair(kId, kFile));
  EXPECT_EQ(candidates[1], std::pair(kOther, kSmall));
}

TEST_F(Blobs, ASecondPutOfOneIdIsRefused) {
  ASSERT_TRUE(put(kId, kFile));
  EXPECT_EQ(code_of(put(kId, kSmall)), Errc::exists);
  EXPECT_EQ(find_blob(*store.database, kId).value(), kFile);
  EXPECT_EQ(segment(), SegmentRecord{});
}

TEST_F(Blobs, AReferenceNeedsItsBlob) {
  EXPECT_EQ(code_of(add(kId, "picture/1")), Errc::stale);
  EXPECT_FALSE(has_references(*store.database, kId).value());
}

TEST_F(Blobs, TheLastReferenceThatGoesLeavesAMark) {
  ASSERT_TRUE(put(kId, kFile));
  ASSERT_TRUE(add(kId, "picture/1"));
  ASSERT_TRUE(add(kId, "picture/1"));
  ASSERT_TRUE(add(kId, "picture/2"));
  EXPECT_EQ(list_owners(*store.database, kId, 10).value(),
            (std::vector<std::string>{"picture/1", "picture/2"}));
  ASSERT_TRUE(drop(kId, "picture/1"));
  EXPECT_TRUE(garbage().empty());
  ASSERT_TRUE(drop(kId, "picture/2", 42));
  EXPECT_EQ(garbage(), (std::vector<GarbageMark>{{kId, 42}}));
  EXPECT_FALSE(has_references(*store.database, kId).value());
}

TEST_F(Blobs, DroppingWhatIsNotThereChangesNothing) {
  ASSERT_TRUE(put(kId, kFile));
  ASSERT_TRUE(add(kId, "picture/1"));
  ASSERT_TRUE(drop(kId, "picture/2"));
  EXPECT_TRUE(garbage().empty());
  EXPECT_TRUE(has_references(*store.database, kId).value());
}

TEST_F(Blobs, TheFirstReferenceMayGoBeforeTheOthersAndComeBack) {
  ASSERT_TRUE(put(kId, kFile));
  ASSERT_TRUE(add(kId, "picture/1"));
  ASSERT_TRUE(add(kId, "picture/2"));
  ASSERT_TRUE(drop(kId, "picture/1"));
  EXPECT_EQ(list_owners(*store.database, kId, 10).value(), (std::vector<std::string>{"picture/2"}));
  ASSERT_TRUE(add(kId, "picture/2")) << "it is there, as a key";
  EXPECT_EQ(list_owners(*store.database, kId, 10).value(), (std::vector<std::string>{"picture/2"}));
  ASSERT_TRUE(add(kId, "picture/1"));
  ASSERT_TRUE(drop(kId, "picture/2"));
  EXPECT_TRUE(garbage().empty());
  EXPECT_EQ(list_owners(*store.database, kId, 10).value(), (std::vector<std::string>{"picture/1"}));
  ASSERT_TRUE(drop(kId, "picture/1", 8));
  EXPECT_EQ(garbage(), (std::vector<GarbageMark>{{kId, 8}}));
}

TEST_F(Blobs, WhoHasGoneHasGoneTwice) {
  ASSERT_TRUE(put(kId, kFile));
  ASSERT_TRUE(add(kId, "picture/1"));
  ASSERT_TRUE(drop(kId, "picture/1", 1));
  ASSERT_TRUE(drop(kId, "picture/1", 2));
  EXPECT_EQ(garbage(), (std::vector<GarbageMark>{{kId, 1}}));
  EXPECT_TRUE(list_owners(*store.database, kId, 10).value().empty());
  ASSERT_TRUE(add(kId, "picture/1"));
  EXPECT_TRUE(garbage().empty());
  EXPECT_TRUE(has_references(*store.database, kId).value());
}

TEST_F(Blobs, MovingKeepsTheOwner) {
  ASSERT_TRUE(put(kId, kSmall));
  ASSERT_TRUE(add(kId, "picture/1"));
  const BlobLocation to{Tier::segment, 2, 8, 8192};
  ASSERT_TRUE(store.apply([&](Transaction& t) { return move_blob(t, kId, kSmall.location, to); }));
  EXPECT_EQ(list_owners(*store.database, kId, 10).value(), (std::vector<std::string>{"picture/1"}));
}

TEST_F(Blobs, AReferenceOfOneOrdinalIsNoneOfAnother) {
  ASSERT_TRUE(put(kId, kFile));
  ASSERT_TRUE(put(kOther, kFile));
  ASSERT_TRUE(add(kOther, "picture/1"));
  EXPECT_FALSE(has_references(*store.database, kId).value());
}

TEST_F(Blobs, AReferenceThatComesTakesTheMarkAway) {
  ASSERT_TRUE(put(kId, kFile));
  ASSERT_TRUE(add(kId, "picture/1"));
  ASSERT_TRUE(drop(kId, "picture/1"));
  ASSERT_TRUE(add(kId, "picture/2"));
  EXPECT_TRUE(garbage().empty());
  EXPECT_EQ(code_of(forget(kId)), Errc::stale) << "the collector came too late";
  EXPECT_EQ(find_blob(*store.database, kId).value(), kFile);
}

TEST_F(Blobs, ReferenceAndDropInOneBatchAreSeen) {
  ASSERT_TRUE(put(kId, kFile));
  ASSERT_TRUE(store.apply([&](Transaction& t) -> Status {
    if (auto added = add_reference(t, kId, "picture/1"); !added) return added;
    if (auto added = add_reference(t, kId, "picture/2"); !added) return added;
    if (auto dropped = drop_reference(t, kId, "picture/1", 1); !dropped) return dropped;
    return {};
  }));
  EXPECT_TRUE(garbage().empty());
  ASSERT_TRUE(store.apply([&](Transaction& t) -> Status {
    if (auto dropped = drop_reference(t, kId, "picture/2", 1); !dropped) return dropped;
    return add_reference(t, kId, "picture/3");
  }));
  EXPECT_TRUE(garbage().empty());
}

TEST_F(Blobs, AFileIsUnlinkedBetweenTwoCommitsAndNobodyPublishesItMeanwhile) {
  ASSERT_TRUE(put(kId, kFile));
  ASSERT_TRUE(add(kId, "picture/1"));
  ASSERT_TRUE(drop(kId, "picture/1"));
  EXPECT_EQ(code_of(end_unlink(kId)), Errc::conflict) << "not before the record is gone";

  EXPECT_EQ(forget(kId).value(), kFile);
  EXPECT_EQ(find_blob(*store.database, kId).value(), std::nullopt);
  EXPECT_EQ(garbage().size(), 1u) << "a crash here is made good at the next start";
  EXPECT_EQ(code_of(put(kId, kFile)), Errc::stale);
  EXPECT_EQ(forget(kId).value(), std::nullopt) << "the replay finds only the unlink to do";

  ASSERT_TRUE(end_unlink(kId));
  EXPECT_TRUE(garbage().empty());
  EXPECT_TRUE(put(kId, kFile));
}

TEST_F(Blobs, GarbageIsListedPageByPage) {
  for (std::uint16_t ordinal = 0; ordinal < 5; ++ordinal) {
    const BlobId id{kId.hash, ordinal};
    ASSERT_TRUE(put(id, kSmall));
    ASSERT_TRUE(add(id, "x"));
    ASSERT_TRUE(drop(id, "x", ordinal));
  }
  const auto first = list_garbage(*store.database, 3).value();
  ASSERT_EQ(first.size(), 3u);
  const auto second = list_garbage(*store.database, 3, first.back().id).value();
  ASSERT_EQ(second.size(), 2u);
  EXPECT_EQ(second.back(), (GarbageMark{{kId.hash, 4}, 4}));
}

TEST_F(Blobs, SegmentsAccountForWhatLivesInThem) {
  ASSERT_TRUE(put(kId, kSmall));
  ASSERT_TRUE(put(kOther, BlobRecord{500, {Tier::segment, 2, 7, 8192}}));
  ASSERT_TRUE(put({{1, 1}, 0}, BlobRecord{9, {Tier::segment, 2, 8, 0}}));
  EXPECT_EQ(segment(), (SegmentRecord{1'500, 1'500, 2}));

  ASSERT_TRUE(add(kId, "x"));
  ASSERT_TRUE(drop(kId, "x"));
  EXPECT_EQ(forget(kId).value(), kSmall);
  EXPECT_EQ(segment(), (SegmentRecord{1'500, 500, 1}));
  EXPECT_TRUE(garbage().empty()) << "nothing is left to unlink";

  const auto all = list_segments(*store.database, 10).value();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0], std::pair(kSegment, SegmentRecord{1'500, 500, 1}));
  const auto rest = list_segments(*store.database, 10, kSegment).value();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].first, (SegmentName{2, 8}));
}

TEST_F(Blobs, CompactionMovesWhatStillLiesWhereItWas) {
  const BlobLocation to{Tier::segment, 3, 1, 0};
  const auto move = [&](const BlobLocation& from) {
    return store.apply([&](Transaction& t) { return move_blob(t, kId, from, to); });
  };
  EXPECT_EQ(code_of(move(kSmall.location)), Errc::stale);
  ASSERT_TRUE(put(kId, kSmall));
  ASSERT_TRUE(move(kSmall.location));
  EXPECT_EQ(find_blob(*store.database, kId).value(), (BlobRecord{1'000, to}));
  EXPECT_EQ(segment(), (SegmentRecord{1'000, 0, 0}));
  EXPECT_EQ(segment({3, 1}), (SegmentRecord{1'000, 1'000, 1}));
  EXPECT_EQ(code_of(move(kSmall.location)), Errc::stale) << "it moved already";
}

TEST_F(Blobs, ASegmentGoesOnlyWhenNothingLivesInIt) {
  const auto forget_it = [&] {
    return store.apply([&](Transaction& t) { return forget_segment(t, kSegment); });
  };
  EXPECT_TRUE(forget_it());
  ASSERT_TRUE(put(kId, kSmall));
  EXPECT_EQ(code_of(forget_it()), Errc::conflict);
  ASSERT_TRUE(add(kId, "x"));
  ASSERT_TRUE(drop(kId, "x"));
  ASSERT_TRUE(forget(kId));
  EXPECT_TRUE(forget_it());
  EXPECT_EQ(find_segment(*store.database, kSegment).value(), std::nullopt);
}

TEST_F(Blobs, ADamagedRecordIsCorrupt) {
  ASSERT_TRUE(put(kId, kFile));
  const std::string key = store.database->scan({.family = Family::blob}).value().at(0).key;
  store.put(Family::blob, key, "\x01");
  EXPECT_EQ(code_of(find_blob(*store.database, kId)), Errc::corrupt);
  EXPECT_EQ(code_of(find_blobs_of_hash(*store.database, kId.hash)), Errc::corrupt);
}

}  // namespace
}  // namespace mooring
