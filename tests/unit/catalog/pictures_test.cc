#include "mooring/catalog/pictures.h"

#include <gtest/gtest.h>

#include "mooring/catalog/assets.h"
#include "mooring/catalog/blobs.h"
#include "store.h"

namespace mooring {
namespace {

struct Pictures : testing::Test {
  Store store;
  Uuid asset = new_uuid();
  BlobId first{{1, 1}, 0};
  BlobId second{{2, 2}, 0};

  Pictures() {
    MOORING_CHECK(store
                      .apply([&](Transaction& t) -> Status {
                        const auto made =
                            create_asset(t, {.id = asset, .organization_id = "org-1"});
                        if (!made) return std::unexpected(made.error());
                        if (auto put = put_blob(t, first, {10, {.tier = Tier::file}}); !put)
                          return put;
                        return put_blob(t, second, {20, {.tier = Tier::file}});
                      })
                      .has_value(),
                  "the ground of the test is laid");
  }

  PictureRecord picture(const BlobId& blob, std::int64_t now_ms = 1) const {
    return {.id = new_uuid(),
            .filename = "a.png",
            .owner_id = "org-1",
            .mimetype = "image/png",
            .updated_ms = now_ms,
            .updated_by = "u" + std::to_string(now_ms),
            .created_ms = now_ms,
            .created_by = "u" + std::to_string(now_ms),
            .organization_id = "org-1",
            .asset_id = asset,
            .blob = blob,
            .size_bytes = 10};
  }
  Status create(const PictureRecord& record) {
    return store.apply([&](Transaction& t) { return create_picture(t, record); });
  }
  Result<PictureRecord> replace(const PictureRecord& record) {
    return store.apply([&](Transaction& t) { return replace_picture(t, record); });
  }
  Result<std::optional<PictureRecord>> remove() {
    return store.apply([&](Transaction& t) { return remove_picture(t, asset, 9); });
  }
  std::optional<PictureRecord> stored() { return find_picture(*store.database, asset).value(); }
  bool is_referenced(const BlobId& blob) { return has_references(*store.database, blob).value(); }
};

TEST_F(Pictures, AreFoundByTheirAssetAndReferToTheirBlob) {
  EXPECT_EQ(stored(), std::nullopt);
  const PictureRecord record = picture(first);
  ASSERT_TRUE(create(record));
  EXPECT_EQ(stored(), record);
  EXPECT_EQ(list_owners(*store.database, first, 10).value(),
            std::vector<std::string>{"picture/" + to_string(asset)});
}

TEST_F(Pictures, P2_ASecondOneIsAConflictAndLeavesNoTrace) {
  const PictureRecord record = picture(first);
  ASSERT_TRUE(create(record));
  EXPECT_EQ(code_of(create(picture(second))), Errc::conflict);
  EXPECT_EQ(stored(), record);
  EXPECT_FALSE(is_referenced(second));
}

TEST_F(Pictures, P11_P12_TheAssetExistsAndIsOfTheOrganizationAtTheCommit) {
  PictureRecord record = picture(first);
  record.asset_id = new_uuid();
  EXPECT_EQ(code_of(create(record)), Errc::not_found);
  EXPECT_EQ(code_of(replace(record)), Errc::not_found);
  record = picture(first);
  record.organization_id = "org-2";
  EXPECT_EQ(code_of(create(record)), Errc::not_found);
  EXPECT_FALSE(is_referenced(first));
}

TEST_F(Pictures, ABlobThatWasCollectedMeanwhileIsStale) {
  EXPECT_EQ(code_of(create(picture({{3, 3}, 0}))), Errc::stale);
  EXPECT_EQ(stored(), std::nullopt);
}

TEST_F(Pictures, P14_AfterARemovalTheNextOneIsNew) {
  ASSERT_TRUE(create(picture(first)));
  EXPECT_TRUE(remove().value());
  EXPECT_EQ(stored(), std::nullopt);
  EXPECT_EQ(list_garbage(*store.database, 9).value(), (std::vector<GarbageMark>{{first, 9}}));
  const PictureRecord next = picture(first);
  ASSERT_TRUE(create(next));
  EXPECT_EQ(stored(), next);
  EXPECT_TRUE(list_garbage(*store.database, 9).value().empty());
}

TEST_F(Pictures, RemovingNoneIsSilentlyWell) {
  EXPECT_EQ(remove().value(), std::nullopt);
}

TEST_F(Pictures, ReplacingKeepsIdentityAndCreationAndDropsTheOldContent) {
  const PictureRecord before = picture(first, 1);
  ASSERT_TRUE(create(before));
  PictureRecord change = picture(second, 2);
  change.filename = "b.png";
  const PictureRecord after = replace(change).value();
  EXPECT_EQ(after.id, before.id);
  EXPECT_EQ(after.created_ms, 1);
  EXPECT_EQ(after.created_by, "u1");
  EXPECT_EQ(after.updated_ms, 2);
  EXPECT_EQ(after.updated_by, "u2");
  EXPECT_EQ(after.filename, "b.png");
  EXPECT_EQ(after.blob, second);
  EXPECT_EQ(stored(), after);
  EXPECT_TRUE(is_referenced(second));
  EXPECT_EQ(list_garbage(*store.database, 9).value(), (std::vector<GarbageMark>{{first, 2}}));
}

TEST_F(Pictures, ReplacingWithTheSameContentKeepsItsReference) {
  ASSERT_TRUE(create(picture(first)));
  ASSERT_TRUE(replace(picture(first, 2)));
  EXPECT_TRUE(is_referenced(first));
  EXPECT_TRUE(list_garbage(*store.database, 9).value().empty());
}

TEST_F(Pictures, ReplacingNoneIsAnUpload) {
  const PictureRecord record = picture(first);
  EXPECT_EQ(replace(record).value(), record);
  EXPECT_EQ(stored(), record);
}

}  // namespace
}  // namespace mooring
