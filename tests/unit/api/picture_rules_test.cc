// What may be a picture (P7 to P9), and how one is told about.
#include "mooring/api/pictures/picture_rules.h"

#include <gtest/gtest.h>

namespace mooring {
namespace {

using Declared = std::optional<std::string>;

TEST(PictureRules, P7TheBytesDecideTheTypeWhateverOfTheThreeWasDeclared) {
  for (const Declared& declared :
       {Declared("image/jpeg"), Declared("image/jpg"), Declared("image/png"),
        Declared("image/webp"), Declared("application/octet-stream"), Declared("IMAGE/PNG"),
        Declared("image/png; name=\"a.png\""), Declared(""), Declared()}) {
    const std::string what = declared.value_or("(absent)");
    EXPECT_EQ(picture_type(SniffedType::jpeg, declared), "image/jpeg") << what;
    EXPECT_EQ(picture_type(SniffedType::png, declared), "image/png") << what;
    EXPECT_EQ(picture_type(SniffedType::webp, declared), "image/webp") << what;
  }
}

TEST(PictureRules, P7ADeclaredTypeThatIsNoPictureIsRefused) {
  for (const char* declared : {"image/gif", "image/svg+xml", "text/html", "application/pdf",
                               "image/*", "image", "nonsense", "image/jpeg image/png"})
    EXPECT_EQ(picture_type(SniffedType::jpeg, declared), std::nullopt) << declared;
}

TEST(PictureRules, P7P9BytesOfNoAllowedTypeAreRefused) {
  for (const SniffedType sniffed :
       {SniffedType::unknown, SniffedType::gif, SniffedType::bmp, SniffedType::pdf}) {
    EXPECT_EQ(picture_type(sniffed, "image/png"), std::nullopt);
    EXPECT_EQ(picture_type(sniffed, std::nullopt), std::nullopt);
  }
  EXPECT_EQ(picture_type(sniff({}), std::nullopt), std::nullopt) << "an empty file";
}

TEST(PictureRules, APictureWithoutANameIsCalledByItsType) {
  EXPECT_EQ(picture_filename("a b.jpg", "image/png"), "a b.jpg");
  EXPECT_EQ(picture_filename("", "image/png"), "picture.png");
}

TEST(PictureRules, TheBodyHasTheKeysOfTheSeedInTheirOrder) {
  PictureRecord picture;
  picture.id = parse_uuid("a3f2b65e-4f22-4f45-80c4-9e547a8f5e6a").value();
  picture.filename = "document.pdf";
  picture.owner_id = "d1f2g3h4-i5j6-k7l8-m9n0";
  picture.mimetype = "image/png";
  picture.updated_ms = 1'740'657'600'000;
  picture.updated_by = "user-1234abcd";
  picture.created_ms = 1'736'933'400'000;
  picture.created_by = "user-5678efgh";
  picture.organization_id = "org-5678";
  picture.manufacturer_id = "org-9";
  picture.asset_id = parse_uuid("de8bf591-0a43-4ec3-958e-9f3466adf688").value();
  EXPECT_EQ(picture_body(picture),
            R"({"data":{"id":"a3f2b65e-4f22-4f45-80c4-9e547a8f5e6a","filename":"document.pdf",)"
            R"("ownerId":"d1f2g3h4-i5j6-k7l8-m9n0","mimetype":"image/png",)"
            R"("updatedAt":"2025-02-27T12:00:00.000Z","updatedBy":"user-1234abcd",)"
            R"("createdBy":"user-5678efgh","createdAt":"2025-01-15T09:30:00.000Z",)"
            R"("organizationId":"org-5678","manufacturerId":"org-9",)"
            R"("assetId":"de8bf591-0a43-4ec3-958e-9f3466adf688"}})");
  picture.manufacturer_id.reset();
  EXPECT_NE(picture_body(picture).find(R"("manufacturerId":null,)"), std::string::npos);
}

}  // namespace
}  // namespace mooring
