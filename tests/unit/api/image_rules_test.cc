// What the versions of the images API ask for, and how an image is told about (I1 to I16).
#include "mooring/api/images/image_rules.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "test_data.h"

namespace mooring {
namespace {

using Text = std::optional<std::string_view>;

std::string golden(const char* name) {
  std::ifstream in(std::string(MOORING_TEST_DATA "/golden/") + name);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string type_error(ApiVersion version, Text text) {
  const auto type = choose_image_type(version, text);
  if (type) return "accepted";
  EXPECT_EQ(type.error().field, "type");
  return type.error().text;
}

std::string file_error(ApiVersion version, ImageFile file) {
  const auto error = judge_image_file(version, file, 1000);
  return error ? std::string(error->field) + ": " + error->text : "accepted";
}

TEST(ImageRules, TheBodyOfTheSeedIsByteForByte) {
  const ImageRecord image{.id = 752'729, .upload = 1627, .type = ImageType::product};
  EXPECT_EQ(image_body(image, 12, "https://app.inventorum.com"), golden("inventorum-image.json"));
}

TEST(ImageRules, TheRefusalOfTheSeedIsByteForByte) {
  const auto error = judge_image_file(12, ImageFile::absent, 1000);
  ASSERT_TRUE(error);
  const Response response = refuse_fields({*error});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.text, golden("inventorum-required.json"));
}

TEST(ImageRules, I1I2VersionsAreOneToTwelveAndTwelveIsTheDefault) {
  EXPECT_EQ(parse_api_version(std::nullopt), 12);
  for (int version = 1; version <= 12; ++version)
    EXPECT_EQ(parse_api_version(std::to_string(version)), version);
  EXPECT_EQ(parse_api_version("007"), 7);
}

TEST(ImageRules, I3OtherVersionsAreNone) {
  for (const char* text : {"", "0", "13", "-1", "+1", "1.0", "v1", "1 ", " 1", "1,2", "0x1",
                           "99999999999999999999999", "twelve", "\xd9\xa1"})
    EXPECT_EQ(parse_api_version(text), std::nullopt) << text;
}

TEST(ImageRules, I4UpToVersionSevenTheIdIsNegative) {
  const ImageRecord image{.id = 5, .upload = 6, .type = ImageType::user};
  EXPECT_TRUE(image_body(image, 7, "").starts_with(R"({"id":-5,)"));
  EXPECT_TRUE(image_body(image, 8, "").starts_with(R"({"id":5,)"));
  EXPECT_TRUE(image_body(image, 8, "").ends_with(R"("type":2,"new":true})"));
}

TEST(ImageRules, I4AnIdIsReadAsItsVersionWritesIt) {
  EXPECT_EQ(parse_image_id(7, "-5"), 5u);
  EXPECT_EQ(parse_image_id(7, "5"), 5u);
  EXPECT_EQ(parse_image_id(8, "5"), 5u);
  EXPECT_EQ(parse_image_id(8, "-5"), std::nullopt);
  for (const char* text :
       {"", "-", "0", "-0", "05", "--5", "+5", "5.0", "x", "18446744073709551616"})
    EXPECT_EQ(parse_image_id(7, text), std::nullopt) << text;
}

TEST(ImageRules, I5TheFieldIsNamedByTheVersion) {
  EXPECT_EQ(file_field_of(1), "product_image");
  EXPECT_EQ(file_field_of(7), "product_image");
  EXPECT_EQ(file_field_of(8), "image");
  EXPECT_EQ(file_error(7, ImageFile::absent), "product_image: This field is required.");
}

TEST(ImageRules, I6BeforeVersionThreeTheTypeIsOptional) {
  EXPECT_EQ(choose_image_type(2, std::nullopt), ImageType::product);
  EXPECT_EQ(choose_image_type(2, ""), ImageType::product);
  EXPECT_EQ(choose_image_type(1, "category"), ImageType::category);
  EXPECT_EQ(type_error(3, std::nullopt), "This field is required.");
  EXPECT_EQ(type_error(3, ""), "This field is required.");
}

TEST(ImageRules, I8TypesAreTheFourWordsExactly) {
  EXPECT_EQ(choose_image_type(12, "product"), ImageType::product);
  EXPECT_EQ(choose_image_type(12, "account"), ImageType::account);
  EXPECT_EQ(choose_image_type(12, "user"), ImageType::user);
  EXPECT_EQ(choose_image_type(12, "category"), ImageType::category);
  for (const char* text : {"foo", "0", "Product", "product ", " ", "products", "\"", "Ä"})
    EXPECT_EQ(type_error(12, text), "Select a valid choice. " + std::string(text) +
                                        " is not one of the available choices.");
  EXPECT_EQ(type_error(1, "foo"),
            "Select a valid choice. foo is not one of the available choices.");
}

TEST(ImageRules, I8AChoiceThatIsNoTextIsNotPrintedBack) {
  EXPECT_EQ(type_error(12, "\xff"),
            "Select a valid choice. That choice is not one of the available choices.");
}

TEST(ImageRules, I9I10I11TheFileIsToldInTheWordsOfTheFramework) {
  EXPECT_EQ(file_error(12, ImageFile::text),
            "image: No file was submitted. Check the encoding type on the form.");
  EXPECT_EQ(file_error(7, ImageFile::text),
            "product_image: No file was submitted. Check the encoding type on the form.");
  EXPECT_EQ(file_error(12, ImageFile::empty), "image: The submitted file is empty.");
  EXPECT_EQ(file_error(12, ImageFile::not_an_image),
            "image: Upload a valid image. The file you uploaded was either not an image or a "
            "corrupted image.");
  EXPECT_EQ(file_error(12, ImageFile::oversized),
            "image: The submitted file is too large. At most 1000 bytes are accepted.");
  EXPECT_EQ(file_error(12, ImageFile::good), "accepted");
}

TEST(ImageRules, I12FiveFormatsAreImages) {
  for (const SniffedType type : {SniffedType::jpeg, SniffedType::png, SniffedType::webp,
                                 SniffedType::gif, SniffedType::bmp}) {
    EXPECT_TRUE(is_image(type));
    EXPECT_EQ(sniffed_type_of(mime_of(type)), type);
  }
  EXPECT_FALSE(is_image(SniffedType::pdf));
  EXPECT_FALSE(is_image(SniffedType::unknown));
  EXPECT_EQ(sniffed_type_of("text/html"), SniffedType::unknown);
}

TEST(ImageRules, I14I15EveryUrlOfABodyNamesAFile) {
  for (const ImageRendition& rendition : kImageRenditions) {
    const auto address = parse_upload_address("1627", "user", std::string(rendition.name) + ".png");
    ASSERT_TRUE(address) << rendition.name;
    EXPECT_EQ(address->upload, 1627u);
    EXPECT_EQ(address->type, ImageType::user);
    EXPECT_EQ(address->spec.has_value(), rendition.name != "original");
    if (address->spec) EXPECT_EQ(*address->spec, rendition.spec);
  }
  EXPECT_EQ(image_rendition_specs().size(), 5u);
  EXPECT_EQ(image_rendition_specs()[2], (RenditionSpec{1024, 768, RenditionFormat::png}));
}

TEST(ImageRules, I17OtherAddressesNameNothing) {
  for (const char* file : {"image.png", "thumb", "thumb.jpg", "Thumb.png", ".png", "thumb.png.png"})
    EXPECT_FALSE(parse_upload_address("1", "user", file)) << file;
  for (const char* number : {"", "0", "01", "-1", "x", "99999999999999999999"})
    EXPECT_FALSE(parse_upload_address(number, "user", "thumb.png")) << number;
  for (const char* type : {"", "0", "User", "users"})
    EXPECT_FALSE(parse_upload_address("1", type, "thumb.png")) << type;
}

TEST(ImageRules, AListTellsItsTotalAndWritesImagesAsAnUploadDoes) {
  const ImageRecord image{.id = 5, .upload = 6, .type = ImageType::user};
  EXPECT_EQ(image_list_body({.total = 41, .images = {image}}, 7, "http://a"),
            R"({"total":41,"data":[)" + image_body(image, 7, "http://a") + "]}");
  EXPECT_EQ(image_list_body({}, 12, ""), R"({"total":0,"data":[]})");
}

TEST(ImageRules, PagesAreCountedFromOneWithFortyEach) {
  const auto none = parse_page_request(std::nullopt, std::nullopt);
  EXPECT_EQ(none->page, 1u);
  EXPECT_EQ(none->limit, 40u);
  EXPECT_EQ(parse_page_request("3", "100")->limit, 100u);
  EXPECT_EQ(parse_page_request("3", "100")->page, 3u);
  const auto wrong = parse_page_request("0", "101");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error(), (std::vector<FieldError>{
                               {"page", "Ensure this value is greater than or equal to 1."},
                               {"limit", "Ensure this value is less than or equal to 100."}}));
  for (const char* text : {"", "x", "-1", "1.5", "99999999999999999999"})
    EXPECT_EQ(parse_page_request(text, {}).error()[0].text, "Enter a whole number.") << text;
}

}  // namespace
}  // namespace mooring
