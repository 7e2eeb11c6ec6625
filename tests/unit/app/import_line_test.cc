// Lines of `mooring import`: what they may say.
#include "mooring/app/import_line.h"

#include <gtest/gtest.h>

#include <string>

namespace mooring {
namespace {

constexpr std::string_view kAsset = "0223327b-9270-4478-b11a-597b8885440d";

std::string refused(std::string_view line) {
  const auto parsed = parse_import_line(line);
  return parsed ? "accepted" : std::string(parsed.error().name);
}

std::string document(std::string_view more) {
  return R"({"document":{"displayname":"Manual","assetIds":[")" + std::string(kAsset) + "\"]" +
         std::string(more) + "}}";
}

TEST(ImportLine, AnAssetIsAsInTheApiAndMayNameItself) {
  const auto line = parse_import_line(
      R"({"asset":{"id":"0223327B-9270-4478-b11a-597b8885440d","assetType":"machine",)"
      R"("name":"Pump"}})");
  ASSERT_TRUE(line);
  const auto& asset = std::get<AssetRecord>(*line);
  EXPECT_EQ(to_string(asset.id), kAsset);
  EXPECT_EQ(asset.name, "Pump");
  EXPECT_EQ(asset.type, AssetType::machine);
  EXPECT_EQ(refused(R"({"asset":{"assetType":"boat","name":"x"}})"), "assetType");
  EXPECT_EQ(refused(R"({"asset":{"assetType":"machine"}})"), "name");
}

TEST(ImportLine, ADocumentKeepsTheRulesOfAnUpload) {
  const auto line = parse_import_line(
      document(R"(,"filename":"a/b.pdf","mimetype":"Text/Plain; x=y","languageCodes":["DE","fr"],)"
               R"("categoryId":"AA","supplierDocument":false,"supplierName":null,)"
               R"("createdAt":"1970-01-01T00:00:01.002Z")"));
  ASSERT_TRUE(line);
  const auto& record = std::get<DocumentRecord>(*line);
  EXPECT_EQ(record.filename, "b.pdf");
  EXPECT_EQ(record.mimetype, "text/plain");
  EXPECT_EQ(record.languages, (std::vector<std::string>{"de", "fr"}));
  EXPECT_EQ(record.category_id, "AA");
  EXPECT_EQ(record.supplier_name, std::nullopt);
  EXPECT_EQ(record.created_ms, 1002);
  EXPECT_EQ(record.updated_ms, 0);
  EXPECT_EQ(record.asset_ids, std::vector{*parse_uuid(kAsset)});
  EXPECT_NE(record.id, Uuid());
  EXPECT_EQ(refused(document("")), "accepted");
  EXPECT_EQ(refused(document(R"(,"supplierDocument":true)")), "supplierName");
  EXPECT_EQ(refused(document(R"(,"languageCodes":["xx"])")), "languageCodes");
  EXPECT_EQ(refused(document(R"(,"languageCodes":"de")")), "languageCodes");
  EXPECT_EQ(refused(document(R"(,"createdAt":5)")), "createdAt");
  EXPECT_EQ(refused(document(R"(,"id":"x")")), "id");
  EXPECT_EQ(refused(R"({"document":{"displayname":"x","assetIds":[]}})"), "assetIds");
  EXPECT_EQ(refused(R"({"document":{"assetIds":[]}})"), "displayname");
}

TEST(ImportLine, WhatIsNoneOfThemIsRefused) {
  for (const char* line : {"", "{}", "[]", "5", "{", R"({"other":{}})", R"({"document":{}}x)"})
    EXPECT_NE(refused(line), "accepted") << line;
  EXPECT_EQ(refused(R"({"category":{"id":"","translations":[]}})"), "id");
}

TEST(ImportLine, TimesAreExactlyThoseOfX3) {
  EXPECT_EQ(parse_iso8601("1970-01-01T00:00:00.000Z"), 0);
  EXPECT_EQ(parse_iso8601("2025-02-27T12:00:00.000Z"), 1740657600000);
  EXPECT_EQ(parse_iso8601("2024-02-29T23:59:59.999Z"), 1709251199999);
  for (const char* bad :
       {"", "2025-02-27", "2025-02-27T12:00:00Z", "2025-02-27T12:00:00.000",
        "2025-02-29T12:00:00.000Z", "2025-13-01T12:00:00.000Z", "2025-02-27T24:00:00.000Z",
        "2025-02-27T12:60:00.000Z", "2025-02-27 12:00:00.000Z", "2025-02-27T12:00:00.0x0Z"})
    EXPECT_EQ(parse_iso8601(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace mooring
