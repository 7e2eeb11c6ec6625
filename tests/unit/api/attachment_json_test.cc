// Bodies of the attachments family against the examples of the vendor's document, byte for byte but
// for the white space between them.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "mooring/api/attachments/media_pocket.h"
#include "mooring/api/attachments/pocket_json.h"
#include "test_data.h"

namespace mooring {
namespace {

/// An example without the white space outside its strings.
std::string golden(const std::string& name) {
  std::ifstream file(std::string(MOORING_TEST_DATA "/golden/") + name);
  EXPECT_TRUE(file.is_open()) << name;
  std::string compact;
  bool in_string = false;
  for (const char c : std::string(std::istreambuf_iterator<char>(file), {})) {
    if (c == '"') in_string = !in_string;
    if (in_string || (c != ' ' && c != '\n')) compact += c;
  }
  return compact;
}

PocketAsset attachment(std::string_view id, PocketPlace place, std::string_view holder,
                       std::string owner, std::int64_t created_ms) {
  return {.id = parse_pocket_id(id).value(),
          .place = place,
          .holder = parse_pocket_id(holder).value(),
          .owner = std::move(owner),
          .text = {.title = "sample attachment"},
          .created_ms = created_ms,
          .modified_ms = created_ms};
}

constexpr std::int64_t kSeedMinuteMs = 1'701'078'120'000;  // 2023-11-27T09:42:00.000Z

TEST(AttachmentJson, TheListOfAnAsset) {
  const PocketAsset one =
      attachment("S3kQqTTXTFMLBhsY8XeY", PocketPlace::asset_attachment, "bDzHAAxLXsSmhL4lax8D",
                 "admin-user-66@example.com", kSeedMinuteMs + 52'099);
  EXPECT_EQ(attachments_body({&one, 1}), golden("attachments-of-asset.json"));
  EXPECT_EQ(attachments_body({}), golden("attachments-none.json"));
}

TEST(AttachmentJson, TheAttachmentThatAnAssetWasGiven) {
  EXPECT_EQ(pocket_asset_body(attachment("Hd0WZ_Wfpsv9_51bxXBt", PocketPlace::asset_attachment,
                                         "NBmnCtuFCbI88s1cNHJX", "admin-user-67@example.com",
                                         kSeedMinuteMs + 52'577)),
            golden("attachment-to-asset.json"));
}

TEST(AttachmentJson, TheListOfAProjectHasNoProjectId) {
  const PocketAsset one =
      attachment("Z4xvirg6hr4hi9C7tiby", PocketPlace::project_attachment, "If8_aXgtMF4ggxOPqvKM",
                 "admin-user-72@example.com", kSeedMinuteMs + 53'904);
  EXPECT_EQ(attachments_body({&one, 1}), golden("attachments-of-project.json"));
}

TEST(AttachmentJson, TheAttachmentThatAProjectWasGiven) {
  EXPECT_EQ(pocket_asset_body(attachment("u0wgdvwXs2KD3MgqNV8_", PocketPlace::project_attachment,
                                         "czPBmrbRE76BOmD0Ykz8", "admin-user-74@example.com",
                                         kSeedMinuteMs + 54'394)),
            golden("attachment-to-project.json"));
}

PocketAsset filled() {
  PocketAsset asset = attachment("AAAAAAAAAAAAAAAAAAAA", PocketPlace::project_member,
                                 "BBBBBBBBBBBBBBBBBBBB", "a@example.com", 0);
  asset.text = {"t", "d", "c", "e", {"x", "y"}};
  asset.deleted_ms = 1;
  asset.content = PocketContent{.media_id = parse_pocket_id("CCCCCCCCCCCCCCCCCCCC").value(),
                                .media = PocketMedia::image,
                                .filename = "test_filename.jpg",
                                .mime_type = "image/jpeg",
                                .md5 = {std::byte{0x0a}, std::byte{0xff}},
                                .size_bytes = 7};
  return asset;
}

TEST(AttachmentJson, ContentAndTrashShowInTheAsset) {
  EXPECT_EQ(
      pocket_asset_body(filled()),
      R"({"asset":{"id":"AAAAAAAAAAAAAAAAAAAA","external_id":"e","parent_id":null,)"
      R"("project_id":"BBBBBBBBBBBBBBBBBBBB","owner":"a@example.com","title":"t",)"
      R"("description":"d","category":"c","tags":["x","y"],"ai_tags":[],"status":"open",)"
      R"("media_type":"image","original_filename":"test_filename.jpg","drop_folder_id":null,)"
      R"("md5_sum":"0aff0000000000000000000000000000",)"
      R"("created_date":"1970-01-01T00:00:00.000Z","modification_date":"1970-01-01T00:00:00.000Z",)"
      R"("deleted":"1970-01-01T00:00:00.001Z"}})");
}

TEST(AttachmentJson, TheContentOfAnAsset) {
  EXPECT_EQ(media_body(filled(), "http://h/x"),
            R"({"media":[{"id":"CCCCCCCCCCCCCCCCCCCC","filename":"test_filename.jpg",)"
            R"("mime_type":"image/jpeg","size":7,"download_url":"http://h/x"}]})");
  EXPECT_EQ(media_body({}, ""), R"({"media":[]})");
}

TEST(AttachmentJson, RemovingWhatIsNotThereIsTold) {
  const std::string body = pocket_asset_body(filled(), "No media found on this asset.", 400);
  EXPECT_TRUE(body.starts_with(R"({"asset":{"id":"AAAAAAAAAAAAAAAAAAAA",)"));
  EXPECT_TRUE(
      body.ends_with(R"(},"errors":{"error":"No media found on this asset.","status":400}})"));
}

TEST(AttachmentJson, AProject) {
  const PocketProject project{.id = parse_pocket_id("AAAAAAAAAAAAAAAAAAAA").value(),
                              .holder = parse_pocket_id("BBBBBBBBBBBBBBBBBBBB"),
                              .owner = "a@example.com",
                              .text = {.title = "t", .tags = {"x"}},
                              .is_public = true};
  EXPECT_EQ(pocket_project_body(project),
            R"({"project":{"id":"AAAAAAAAAAAAAAAAAAAA","external_id":null,)"
            R"("project_id":"BBBBBBBBBBBBBBBBBBBB","owner":"a@example.com","title":"t",)"
            R"("description":null,"category":null,"tags":["x"],"media_type":"project",)"
            R"("isPublic":true,"thumbnail_asset_id":null,)"
            R"("created_date":"1970-01-01T00:00:00.000Z",)"
            R"("modification_date":"1970-01-01T00:00:00.000Z","deleted":null,)"
            R"("original_title":"t"}})");
}

TEST(AttachmentJson, ApiKeysShowTheirPrefixOnly) {
  const KeyRecord key{.id = {}, .prefix = "att7Q", .owner = "a@example.com", .name = "n"};
  EXPECT_EQ(api_keys_body({&key, 1}),
            R"({"api_keys":[{"id":"000000000000000000000000","key_prefix":"att7Q","name":"n",)"
            R"("last_access":null}]})");
}

TEST(MediaPocketEnvelope, X1_EveryErrorIsOneText) {
  EXPECT_EQ(refuse_pocket(Error{Errc::not_found}, kAssetNotFound).text,
            R"({"error":"asset not found"})");
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
    const Response response = kMediaPocketEnvelope.render(Error{static_cast<Errc>(code)});
    EXPECT_GE(response.status, 400);
    EXPECT_TRUE(response.text.starts_with(R"({"error":")")) << response.text;
  }
  EXPECT_EQ(refuse_pocket(Error{Errc::unauthenticated}).text, R"({"error":"Unauthorized"})");
  EXPECT_EQ(refuse_pocket(Error{Errc::unauthenticated}).status, 401);
  EXPECT_EQ(refuse_pocket(Error{Errc::conflict}).status, 400);
  EXPECT_EQ(refuse_pocket(Error{Errc::conflict}).text,
            R"({"error":"External id has already been taken"})");
}

}  // namespace
}  // namespace mooring
