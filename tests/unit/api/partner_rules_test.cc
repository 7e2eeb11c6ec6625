// What a partner asset is and how it is called (B1 to B4, G5, G6).
#include "mooring/api/partner/partner_rules.h"

#include <gtest/gtest.h>

#include <set>

namespace mooring {
namespace {

constexpr std::string_view kStem = "00112233445566778899aabbccddeeff";

PartnerAssetRecord asset(std::string extension) {
  PartnerAssetRecord record;
  record.id = parse_uuid("00112233-4455-6677-8899-aabbccddeeff").value();
  record.extension = std::move(extension);
  return record;
}

TEST(PartnerRules, B1_B3_KeysComeBackFromTheirText) {
  for (const char* extension : {"png", "5", "", "abcdefgh"})
    for (const PartnerVariant variant :
         {PartnerVariant::original, PartnerVariant::thumb, PartnerVariant::medium,
          PartnerVariant::large, PartnerVariant::large_x2}) {
      const PartnerAssetRecord record = asset(extension);
      const std::string text = partner_key(record, variant);
      const auto key = parse_partner_key(text);
      ASSERT_TRUE(key) << text;
      EXPECT_EQ(key->id, record.id);
      EXPECT_EQ(key->variant, variant);
      EXPECT_EQ(key->extension, extension);
    }
  EXPECT_EQ(partner_key(asset("png")), std::string(kStem) + ".png");
  EXPECT_EQ(partner_key(asset("png"), PartnerVariant::large_x2),
            std::string(kStem) + "_largeX2.png");
}

TEST(PartnerRules, G6_WhatIsNoKeyIsNone) {
  const std::string stem(kStem);
  for (const std::string& text : {std::string(),
                                  stem.substr(1),
                                  std::string("x"),
                                  stem + "0",
                                  stem + ".",
                                  stem + ".PNG",
                                  stem + ".png.png",
                                  stem + ".abcdefghi",
                                  stem + "_thumb.",
                                  stem + "_",
                                  stem + "_Thumb.png",
                                  stem + "_largeX3.png",
                                  stem + "thumb.png",
                                  stem + ".png ",
                                  " " + stem,
                                  stem + ".pn\xc3\xa4",
                                  std::string("00112233445566778899AABBCCDDEEFF"),
                                  stem + "/x",
                                  stem + ".png_thumb",
                                  "0" + std::string(31, 'g')})
    EXPECT_FALSE(parse_partner_key(text)) << text;
}

TEST(PartnerRules, B4_SizesGrowAndX2IsTwiceLarge) {
  EXPECT_EQ(kPartnerVariants[0].side_max, 200);
  EXPECT_EQ(kPartnerVariants[1].side_max, 400);
  EXPECT_EQ(kPartnerVariants[3].side_max, 2 * kPartnerVariants[2].side_max);
}

TEST(PartnerRules, X11_IdsAreRandomInAllTheirBits) {
  std::set<std::string> ids;
  Uuid any_bit_set;
  for (int i = 0; i < 256; ++i) {
    const Uuid id = new_partner_id();
    ids.insert(partner_id(id));
    for (std::size_t byte = 0; byte < id.bytes.size(); ++byte)
      any_bit_set.bytes[byte] |= id.bytes[byte];
  }
  EXPECT_EQ(ids.size(), 256u);
  EXPECT_EQ(partner_id(any_bit_set), std::string(32, 'f')) << "no bit is fixed";
}

TEST(PartnerRules, B1_TheExtensionIsTheTypesElseTheNames) {
  EXPECT_EQ(partner_extension("image/jpeg", "Gelonade 3.5"), "jpg");
  EXPECT_EQ(partner_extension("image/png", "a.jpg"), "png");
  EXPECT_EQ(partner_extension("application/pdf", ""), "pdf");
  EXPECT_EQ(partner_extension(kKmlType, "track"), "kml");
  EXPECT_EQ(partner_extension("text/plain", "notes.v2.txt"), "txt");
  EXPECT_EQ(partner_extension("text/plain", "Gelonade 3.5"), "5");
  for (const char* name : {"", "notes", "notes.", "notes.TXT", "a.t t", "a.abcdefghi", "a./x"})
    EXPECT_EQ(partner_extension("text/plain", name), "") << name;
}

TEST(PartnerRules, B2_TheBytesDecideWhatTheyShow) {
  EXPECT_EQ(partner_media_type({.sniffed = SniffedType::png,
                                .declared_type = "image/jpeg",
                                .filename = "a.kml",
                                .name = "a.pdf"}),
            "image/png");
  EXPECT_EQ(partner_media_type({.declared_type = "text/csv; charset=utf-8"}), "text/csv");
  for (const char* declared : {"image/png", "application/pdf", "nonsense", "",
                               "application/x-www-form-urlencoded", "multipart/form-data"})
    EXPECT_EQ(partner_media_type({.declared_type = declared}), "application/octet-stream")
        << declared;
  EXPECT_EQ(partner_media_type({.declared_type = "a/" + std::string(200, 'b')}),
            "application/octet-stream");
  EXPECT_EQ(partner_media_type({}), "application/octet-stream");
}

TEST(PartnerRules, KmlIsKnownByItsTypeItsNameOrItsRoot) {
  EXPECT_EQ(partner_media_type({.declared_type = std::string(kKmlType)}), kKmlType);
  EXPECT_EQ(partner_media_type({.declared_type = "text/xml", .filename = "Tour.KML"}), kKmlType);
  EXPECT_EQ(partner_media_type({.name = "tour.kml"}), kKmlType);
  EXPECT_EQ(partner_media_type({.beginning = "<?xml version=\"1.0\"?>\n<kml xmlns=\"\">"}),
            kKmlType);
  EXPECT_NE(partner_media_type({.name = "kml", .beginning = "<xml>"}), kKmlType);
}

TEST(PartnerRules, TheDefaultAssetTypeFollowsTheMediaType) {
  for (const char* type : {"image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp"}) {
    EXPECT_EQ(default_asset_type(type), PartnerAssetType::photo) << type;
    EXPECT_EQ(mime_of(image_type_of(type)), type);
  }
  EXPECT_EQ(default_asset_type(kKmlType), PartnerAssetType::kml);
  for (const char* type : {"application/pdf", "image/svg+xml", "text/plain"}) {
    EXPECT_EQ(default_asset_type(type), PartnerAssetType::document) << type;
    EXPECT_EQ(image_type_of(type), SniffedType::unknown);
  }
}

TEST(PartnerRules, AssetTypesAreTheWordsOfTheContractExactly) {
  for (const std::string_view name : {"Photo", "Document", "Kml"})
    EXPECT_EQ(name_of(parse_partner_asset_type(name).value()), name);
  for (const char* name : {"photo", "KML", "", "Photo ", "Video"})
    EXPECT_FALSE(parse_partner_asset_type(name)) << name;
}

TEST(PartnerRules, G5_OnlyTrueInAnyCaseIsTrue) {
  for (const char* text : {"true", "TRUE", "tRuE"}) EXPECT_TRUE(is_true(text)) << text;
  for (const char* text : {"", "1", "yes", "true ", "false", "truee"})
    EXPECT_FALSE(is_true(text)) << text;
  EXPECT_FALSE(is_true(std::nullopt));
}

}  // namespace
}  // namespace mooring
