#include "mooring/catalog/partner_assets.h"

#include <gtest/gtest.h>

#include "mooring/catalog/blobs.h"
#include "store.h"

namespace mooring {
namespace {

struct PartnerAssets : testing::Test {
  Store store;
  BlobId blob{{1, 1}, 0};

  PartnerAssets() {
    MOORING_CHECK(
        store.apply([&](Transaction& t) { return put_blob(t, blob, {10, {.tier = Tier::file}}); })
            .has_value(),
        "the ground of the test is laid");
  }

  PartnerAssetRecord asset(std::string company = "c-1", std::int64_t now_ms = 1) const {
    return {.id = new_uuid(),
            .company_id = std::move(company),
            .created_ms = now_ms,
            .modified_ms = now_ms,
            .name = "Menu",
            .extension = "png",
            .type = PartnerAssetType::photo,
            .access = PartnerAccess::open,
            .filename = "menu.png",
            .media_type = "image/png",
            .blob = blob,
            .size_bytes = 10};
  }
  Status create(const PartnerAssetRecord& record) {
    return store.apply([&](Transaction& t) { return create_partner_asset(t, record); });
  }
  Result<PartnerAssetRecord> remove(const Uuid& id, std::int64_t now_ms = 9) {
    return store.apply([&](Transaction& t) { return delete_partner_asset(t, id, now_ms); });
  }
  std::optional<PartnerAssetRecord> stored(const Uuid& id) {
    return find_partner_asset(*store.database, id).value();
  }
  PartnerAssetPage page(std::string_view company = "c-1", std::uint64_t start = 0,
                        std::size_t limit = 100) {
    return list_partner_assets(*store.database, company, start, limit).value();
  }
  std::vector<std::int64_t> times(const PartnerAssetPage& page) {
    std::vector<std::int64_t> times;
    for (const PartnerAssetRecord& asset : page.assets) times.push_back(asset.created_ms);
    return times;
  }
};

TEST_F(PartnerAssets, AreFoundByTheirIdAndReferToTheirBlob) {
  const PartnerAssetRecord record = asset();
  EXPECT_EQ(stored(record.id), std::nullopt);
  ASSERT_TRUE(create(record));
  EXPECT_EQ(stored(record.id), record);
  EXPECT_EQ(list_owners(*store.database, blob, 10).value(),
            std::vector<std::string>{"partner/" + to_string(record.id)});
}

TEST_F(PartnerAssets, B6_TheSameContentTwiceIsTwoAssets) {
  ASSERT_TRUE(create(asset()));
  ASSERT_TRUE(create(asset()));
  EXPECT_EQ(page().total, 2u);
  EXPECT_EQ(list_owners(*store.database, blob, 10).value().size(), 2u);
}

TEST_F(PartnerAssets, AnIdThatIsTakenIsRefusedAndChangesNothing) {
  const PartnerAssetRecord record = asset();
  ASSERT_TRUE(create(record));
  PartnerAssetRecord second = record;
  second.company_id = "c-2";
  EXPECT_EQ(code_of(create(second)), Errc::exists);
  EXPECT_EQ(stored(record.id), record);
  EXPECT_EQ(page("c-2").total, 0u);
}

TEST_F(PartnerAssets, ABlobThatWasCollectedMeanwhileIsStale) {
  PartnerAssetRecord record = asset();
  record.blob = {{3, 3}, 0};
  EXPECT_EQ(code_of(create(record)), Errc::stale);
  EXPECT_EQ(stored(record.id), std::nullopt);
  EXPECT_EQ(page().total, 0u);
}

TEST_F(PartnerAssets, DeletingKeepsTheRecordAndDropsContentAndEntry) {
  const PartnerAssetRecord record = asset();
  ASSERT_TRUE(create(record));
  const PartnerAssetRecord deleted = remove(record.id, 5).value();
  PartnerAssetRecord expected = record;
  expected.deleted = true;
  expected.modified_ms = 5;
  EXPECT_EQ(deleted, expected);
  EXPECT_EQ(stored(record.id), expected);
  EXPECT_EQ(list_garbage(*store.database, 9).value(), (std::vector<GarbageMark>{{blob, 5}}));
  EXPECT_EQ(page().total, 0u);
  EXPECT_TRUE(page().assets.empty());
}

TEST_F(PartnerAssets, DeletingTwiceOrNothingIsNotFound) {
  const PartnerAssetRecord record = asset();
  EXPECT_EQ(code_of(remove(record.id)), Errc::not_found);
  ASSERT_TRUE(create(record));
  ASSERT_TRUE(remove(record.id));
  EXPECT_EQ(code_of(remove(record.id)), Errc::not_found);
  EXPECT_EQ(code_of(create(record)), Errc::exists) << "a deleted id is not used again";
}

TEST_F(PartnerAssets, AClockThatGoesBackDoesNotTakeModifiedBack) {
  const PartnerAssetRecord record = asset("c-1", 100);
  ASSERT_TRUE(create(record));
  EXPECT_EQ(remove(record.id, 50).value().modified_ms, 100);
}

TEST_F(PartnerAssets, PagesAreInTheOrderOfCreationAndOfOneCompany) {
  for (const std::int64_t time : {5, 1, 4, 2, 3}) ASSERT_TRUE(create(asset("c-1", time)));
  // Names that begin with, or sort beside, the company's are others.
  for (const char* other : {"c-", "c-10", "c-1\xc3\xa4", "c-0", "c-2"})
    ASSERT_TRUE(create(asset(other, 3)));
  EXPECT_EQ(times(page()), (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(times(page("c-1", 1, 2)), (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(times(page("c-1", 4, 2)), (std::vector<std::int64_t>{5}));
  EXPECT_EQ(times(page("c-1", 5, 2)), std::vector<std::int64_t>{});
  EXPECT_EQ(times(page("c-1", UINT64_MAX, 2)), std::vector<std::int64_t>{});
  EXPECT_EQ(page("c-1", 9, 2).total, 5u);
  EXPECT_EQ(page("c-10").total, 1u);
  EXPECT_EQ(page("nobody").total, 0u);
}

TEST_F(PartnerAssets, APageFarFromTheStartIsFound) {
  for (std::int64_t time = 0; time < 2'105; ++time) ASSERT_TRUE(create(asset("c-1", time)));
  EXPECT_EQ(times(page("c-1", 2'103, 10)), (std::vector<std::int64_t>{2'103, 2'104}));
  EXPECT_EQ(times(page("c-1", 1'000, 1)), std::vector<std::int64_t>{1'000});
  EXPECT_EQ(times(page("c-1", 2'000, 1)), std::vector<std::int64_t>{2'000});
}

TEST_F(PartnerAssets, ComeBackExactlyFromTheirBytes) {
  PartnerAssetRecord record = asset();
  record.deleted = true;
  for (const PartnerAssetRecord& each :
       {record, PartnerAssetRecord{.company_id = "c", .type = PartnerAssetType::kml}}) {
    const std::string bytes = encode(each);
    EXPECT_EQ(decode_partner_asset(bytes).value(), each);
    for (std::size_t length = 0; length < bytes.size(); ++length)
      EXPECT_EQ(code_of(decode_partner_asset(bytes.substr(0, length))), Errc::corrupt) << length;
    EXPECT_EQ(code_of(decode_partner_asset(bytes + '\0')), Errc::corrupt);
  }
}

}  // namespace
}  // namespace mooring
