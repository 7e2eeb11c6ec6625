// Images: their two numbers, their lists, and what they refer to (contract 3).
#include "mooring/catalog/images.h"

#include <gtest/gtest.h>

#include <set>

#include "mooring/catalog/blobs.h"
#include "store.h"

namespace mooring {
namespace {

struct Images : testing::Test {
  Store store;
  BlobId blob{{1, 1}, 0};

  Images() {
    MOORING_CHECK(store
                      .apply([&](Transaction& t) -> Status {
                        return put_blob(t, blob, {10, {.tier = Tier::file}});
                      })
                      .has_value(),
                  "the ground of the test is laid");
  }

  Result<ImageRecord> create(const std::string& organization = "org-1") {
    return store.apply([&](Transaction& t) {
      return create_image(t, {.type = ImageType::user,
                              .organization_id = organization,
                              .filename = "a.png",
                              .media_type = "image/png",
                              .created_by = "u",
                              .blob = blob,
                              .size_bytes = 10});
    });
  }
  Result<std::optional<ImageRecord>> remove(std::uint64_t id,
                                            std::string_view organization = "org-1") {
    return store.apply([&](Transaction& t) { return remove_image(t, id, organization, 9); });
  }
  ImagePage list(std::uint64_t skip, std::size_t limit, std::string_view organization = "org-1") {
    return list_images(*store.database, organization, skip, limit).value();
  }
  bool is_referenced() { return has_references(*store.database, blob).value(); }
};

TEST_F(Images, AreFoundByBothNumbersAndReferToTheirBlob) {
  const ImageRecord image = create().value();
  EXPECT_EQ(find_image(*store.database, image.id).value(), image);
  EXPECT_EQ(find_image_of_upload(*store.database, image.upload).value(), image);
  EXPECT_EQ(list_owners(*store.database, blob, 10).value(),
            std::vector<std::string>{"image/" + std::to_string(image.id)});
  EXPECT_EQ(find_image(*store.database, image.id + 1).value(), std::nullopt);
  EXPECT_EQ(find_image_of_upload(*store.database, image.id).value(), std::nullopt);
}

TEST_F(Images, I4_IdsArePositiveAndGivenOnceAlsoAfterARemoval) {
  EXPECT_EQ(create()->id, 1u);
  EXPECT_EQ(create("org-2")->id, 2u);
  EXPECT_TRUE(remove(2, "org-2").value());
  EXPECT_EQ(create()->id, 3u);
  store.reopen();
  EXPECT_EQ(create()->id, 4u);
}

TEST_F(Images, OfOneBatchHaveDifferentIds) {
  const auto ids = store.apply([&](Transaction& t) -> Result<std::set<std::uint64_t>> {
    std::set<std::uint64_t> given;
    for (int i = 0; i < 10; ++i) given.insert(create_image(t, {.blob = blob}).value().id);
    return given;
  });
  EXPECT_EQ(ids->size(), 10u);
}

TEST_F(Images, I13_UploadNumbersAreDrawnAndDiffer) {
  std::set<std::uint64_t> numbers;
  for (int i = 0; i < 50; ++i) {
    const std::uint64_t number = create().value().upload;
    EXPECT_GT(number, 0u);
    EXPECT_LT(number, 1ull << 53);
    numbers.insert(number);
  }
  EXPECT_EQ(numbers.size(), 50u);
  EXPECT_GT(*numbers.rbegin(), 1ull << 40) << "50 draws of 53 bits are not all small";
}

TEST_F(Images, ABlobThatWasCollectedMeanwhileLeavesNoTrace) {
  const auto created =
      store.apply([&](Transaction& t) { return create_image(t, {.blob = {{3, 3}, 0}}); });
  EXPECT_EQ(code_of(created), Errc::stale);
  EXPECT_EQ(list(0, 10, "").total, 0u);
}

TEST_F(Images, AreListedByTheirOrganizationInTheOrderOfTheirIds) {
  std::vector<ImageRecord> made;
  for (int i = 0; i < 5; ++i) made.push_back(create().value());
  const ImageRecord other = create("org-10").value();
  EXPECT_EQ(list(0, 10).images, made);
  EXPECT_EQ(list(1, 2).images, std::vector(made.begin() + 1, made.begin() + 3));
  EXPECT_EQ(list(1, 2).total, 5u);
  EXPECT_TRUE(list(5, 2).images.empty());
  EXPECT_EQ(list(99, 2).total, 5u);
  EXPECT_EQ(list(0, 10, "org-10").images, std::vector{other});
  EXPECT_EQ(list(0, 10, "org").total, 0u);
}

TEST_F(Images, AListLongerThanOneScanIsCountedToItsEnd) {
  (void)store.apply([&](Transaction& t) -> Status {
    for (int i = 0; i < 2'001; ++i)
      if (auto made = create_image(t, {.organization_id = "org-1", .blob = blob}); !made)
        return std::unexpected(made.error());
    return {};
  });
  const ImagePage page = list(1'999, 40);
  EXPECT_EQ(page.total, 2'001u);
  ASSERT_EQ(page.images.size(), 2u);
  EXPECT_EQ(page.images[1].id, 2'001u);
}

TEST_F(Images, RemovingTakesEveryKeyAndTheReference) {
  const ImageRecord image = create().value();
  EXPECT_EQ(remove(image.id).value(), image);
  EXPECT_EQ(find_image(*store.database, image.id).value(), std::nullopt);
  EXPECT_EQ(find_image_of_upload(*store.database, image.upload).value(), std::nullopt);
  EXPECT_EQ(list(0, 10).total, 0u);
  EXPECT_FALSE(is_referenced());
  EXPECT_EQ(list_garbage(*store.database, 9).value(), (std::vector<GarbageMark>{{blob, 9}}));
}

TEST_F(Images, OfOthersAreNotRemoved) {
  const ImageRecord image = create().value();
  EXPECT_EQ(remove(image.id, "org-2").value(), std::nullopt);
  EXPECT_EQ(remove(image.id + 1).value(), std::nullopt);
  EXPECT_TRUE(is_referenced());
}

TEST_F(Images, AnOwnerNamesTheKeyOfItsRecord) {
  const ImageRecord image = create().value();
  const auto key = image_key_of_owner(image_owner(image.id));
  ASSERT_TRUE(key);
  EXPECT_EQ(store.database->get(Family::image, *key).value(), encode(image));
  for (const char* owner : {"image/", "image/01", "image/-1", "image/+1", "image/1x", "image",
                            "picture/1", "image/99999999999999999999"})
    EXPECT_FALSE(image_key_of_owner(owner)) << owner;
}

}  // namespace
}  // namespace mooring
