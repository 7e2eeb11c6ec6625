// Every record of the catalogue: what is encoded comes back, and nothing shorter, longer or older
// does.
#include <gtest/gtest.h>

#include "mooring/catalog/assets.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/images.h"
#include "mooring/catalog/pictures.h"
#include "mooring/catalog/refresh.h"

namespace mooring {
namespace {

AssetRecord full_asset() {
  return {.type = AssetType::component,
          .id = new_uuid(),
          .name = "Pump Ä 7",
          .organization_id = "org-5678",
          .manufacturer_id = "org-1",
          .description = "",
          .created_ms = 1'740'657'600'000,
          .created_by = "user-1",
          .updated_ms = -1,
          .updated_by = "user-2",
          .active = true,
          .draft = false,
          .custom = true,
          .parent_id = new_uuid(),
          .position = 70'000,
          .custom_attributes = R"({"a":1})",
          .address = R"({"city":"Bremen"})"};
}

PictureRecord full_picture() {
  return {.id = new_uuid(),
          .filename = "pump.png",
          .owner_id = "org-5678",
          .mimetype = "image/png",
          .updated_ms = 2,
          .updated_by = "user-2",
          .created_ms = 1,
          .created_by = "user-1",
          .organization_id = "org-5678",
          .manufacturer_id = "org-1",
          .asset_id = new_uuid(),
          .blob = {{0x1234, 0x5678}, 1},
          .size_bytes = 10'485'760};
}

/// `decode(encode(record))` is the record; every proper prefix, and anything longer, is corrupt.
template <typename Record, typename Decode>
void expect_exact(const Record& record, Decode decode) {
  const std::string bytes = encode(record);
  const auto back = decode(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, record);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto cut = decode(std::string_view(bytes).substr(0, length));
    ASSERT_FALSE(cut) << length;
    EXPECT_EQ(cut.error().code, Errc::corrupt);
  }
  EXPECT_FALSE(decode(bytes + '\0'));
  std::string newer = bytes;
  ++newer[0];
  EXPECT_FALSE(decode(newer)) << "a format of the future";
}

TEST(Records, BlobsComeBackExactly) {
  const BlobEntry file{.record = {1ull << 40, {.tier = Tier::file}}, .owner = "image/1"};
  expect_exact(file, decode_blob_entry);
  expect_exact(
      BlobEntry{.record = {4096, {Tier::segment, 3, 70'000, 1ull << 33}}, .is_shared = true},
      decode_blob_entry);
  EXPECT_EQ(decode_blob(encode(file)).value(), file.record);
}

TEST(Records, SegmentsComeBackExactly) {
  expect_exact(SegmentRecord{1ull << 30, 1ull << 20, 256}, decode_segment);
}

TEST(Records, AssetsComeBackExactly) {
  expect_exact(full_asset(), decode_asset);
  AssetRecord sparse{.id = new_uuid(), .name = "n", .organization_id = "o"};
  expect_exact(sparse, decode_asset);
}

TEST(Records, PicturesComeBackExactly) {
  expect_exact(full_picture(), decode_picture);
  PictureRecord sparse = full_picture();
  sparse.manufacturer_id.reset();
  expect_exact(sparse, decode_picture);
}

TEST(Records, ImagesComeBackExactly) {
  expect_exact(ImageRecord{.id = 752'729,
                           .upload = (1ull << 53) - 1,
                           .type = ImageType::category,
                           .organization_id = "org-1",
                           .filename = "Ä.png",
                           .media_type = "image/png",
                           .created_ms = 7,
                           .created_by = "user-1",
                           .blob = {{1, 2}, 3},
                           .size_bytes = 9},
               decode_image);
}

TEST(Records, FamiliesOfRefreshTokensComeBackExactly) {
  expect_exact(RefreshRecord{.client = "c", .generation = 300, .ended = true, .updated_ms = 5},
               decode_refresh);
}

TEST(Records, AssetTypesHaveTheWordsOfTheContract) {
  EXPECT_EQ(name_of(AssetType::production_line), "production-line");
  for (const std::string_view name :
       {"location", "production-line", "process-cell", "machine", "component"})
    EXPECT_EQ(name_of(parse_asset_type(name).value()), name);
  EXPECT_FALSE(parse_asset_type("Machine"));
  EXPECT_FALSE(parse_asset_type(""));
}

}  // namespace
}  // namespace mooring
