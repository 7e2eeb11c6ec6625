// CompanyAsset: the keys of the seed in their order, and what each of them holds (contract 2.1).
#include "mooring/api/partner/partner_body.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "mooring/base/json_reader.h"
#include "test_data.h"

namespace mooring {
namespace {

constexpr std::string_view kBase = "https://assets.example.com";

PartnerAssetRecord photo() {
  PartnerAssetRecord asset;
  asset.id = parse_uuid("9e89aadb-f8ea-4d9e-89f8-94b83d202ecb").value();
  asset.company_id = "5b1dbdf3cf43c1080b198e70";
  asset.created_ms = asset.modified_ms = 1'688'263'825'892;
  asset.name = "Front \"door\"";
  asset.extension = "png";
  asset.type = PartnerAssetType::photo;
  asset.access = PartnerAccess::open;
  asset.media_type = "image/png";
  return asset;
}

JsonValue golden() {
  std::ifstream file(std::string(MOORING_TEST_DATA) + "/golden/partner-company-asset.json");
  std::stringstream text;
  text << file.rdbuf();
  return parse_json(text.str()).value();
}

JsonKind kind_of(const std::string& seed_type) {
  if (seed_type == "long" || seed_type == "integer") return JsonKind::integer;
  return seed_type == "boolean" ? JsonKind::boolean : JsonKind::string;
}

TEST(PartnerBody, HasTheKeysOfTheSeedInTheirOrderAndOfTheirTypes) {
  const JsonValue fields = golden();
  const JsonValue body = parse_json(partner_asset_body(photo(), kBase)).value();
  ASSERT_EQ(body.members().size(), fields.members().size());
  ASSERT_EQ(fields.members().size(), 19u);
  for (std::size_t i = 0; i < fields.members().size(); ++i) {
    const JsonMember& field = fields.members()[i];
    const JsonMember& member = body.members()[i];
    EXPECT_EQ(member.key, field.key);
    EXPECT_EQ(member.value.kind(), kind_of(field.value.as_string())) << field.key;
  }
}

TEST(PartnerBody, APublicPhotoIsByteForByte) {
  const std::string stem = "9e89aadbf8ea4d9e89f894b83d202ecb";
  const std::string url = "https://assets.example.com/api/v1/partner/asset/" + stem;
  EXPECT_EQ(partner_asset_body(photo(), kBase),
            R"({"id":")" + stem + R"(","companyId":"5b1dbdf3cf43c1080b198e70",)" +
                R"("created":1688263825892,"modified":1688263825892,"deleted":false,)" +
                R"("updated":false,"name":"Front \"door\"","key":")" + stem +
                R"(.png","type":"Photo","publicURL":")" + url +
                R"(.png","active":true,"priority":0,"secured":false,"thumbURL":")" + url +
                R"(_thumb.png","mediumURL":")" + url + R"(_medium.png","largeURL":")" + url +
                R"(_large.png","largeX2URL":")" + url + R"(_largeX2.png","origURL":")" + url +
                R"(.png","platformFileUrl":")" + url + R"(.png"})");
}

TEST(PartnerBody, ASecuredDocumentHasNullsWhereNothingIsAndKeepsItsKeys) {
  PartnerAssetRecord asset = photo();
  asset.type = PartnerAssetType::document;
  asset.access = PartnerAccess::secured;
  asset.extension = "";
  asset.deleted = true;
  const JsonValue body = parse_json(partner_asset_body(asset, "")).value();
  EXPECT_EQ(body.members().size(), 19u);
  for (const char* key : {"publicURL", "thumbURL", "mediumURL", "largeURL", "largeX2URL"})
    EXPECT_TRUE(body.find(key)->is(JsonKind::null)) << key;
  EXPECT_TRUE(body.find("secured")->as_boolean());
  EXPECT_TRUE(body.find("deleted")->as_boolean());
  EXPECT_EQ(*body.find_string("type"), "Document");
  EXPECT_EQ(*body.find_string("key"), "9e89aadbf8ea4d9e89f894b83d202ecb");
  EXPECT_EQ(*body.find_string("origURL"), "/api/v1/partner/asset/9e89aadbf8ea4d9e89f894b83d202ecb");
}

TEST(PartnerBody, APageSaysWhereItIsAndHowManyThereAre) {
  EXPECT_EQ(partner_page_body({.total = 0, .assets = {}}, 0, 100, kBase),
            R"({"values":[],"skip":0,"limit":100,"total":0})");
  const std::string page =
      partner_page_body({.total = 7, .assets = {photo(), photo()}}, 5, 2, kBase);
  const std::string one = partner_asset_body(photo(), kBase);
  EXPECT_EQ(page, "{\"values\":[" + one + "," + one + "],\"skip\":5,\"limit\":2,\"total\":7}");
}

}  // namespace
}  // namespace mooring
