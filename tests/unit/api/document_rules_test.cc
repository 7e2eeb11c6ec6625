// Fields, languages, types and categories of documents: the pure rules.
#include <gtest/gtest.h>

#include "mooring/api/documents/category_body.h"
#include "mooring/api/documents/document_fields.h"
#include "mooring/api/documents/document_type.h"
#include "mooring/api/documents/language.h"

namespace mooring {
namespace {

using Texts = std::vector<std::string>;

Checked<DocumentFields> fields(std::vector<TextField> given) {
  return parse_document_fields(given);
}

TEST(Language, CodesAreThoseOfIso6391InAnyCase) {
  EXPECT_EQ(parse_language("DE"), "de");
  EXPECT_EQ(parse_language("zu"), "zu");
  EXPECT_EQ(parse_language("aa"), "aa");
  for (const char* text : {"", "d", "xx", "deu", "d ", "\xc3\xa4", "none", "ed"})
    EXPECT_EQ(parse_language(text), std::nullopt) << text;
}

TEST(Language, D23PreferencesAreOrderedByQualityThenPlace) {
  EXPECT_EQ(wanted_languages("de"), Texts{"de"});
  EXPECT_EQ(wanted_languages("de-CH, en;q=0.8, FR ; q=0.9,it"), (Texts{"de", "it", "fr", "en"}));
  EXPECT_EQ(wanted_languages("de;q=0, en;q=0.000, fr;q=0.001"), Texts{"fr"});
  EXPECT_EQ(wanted_languages("*, *;q=0.1, de"), Texts{"de"});
  EXPECT_EQ(wanted_languages(",,;q=1, ;, de;q=2, en;q=x, fr;q=1.0, it;q=1.001"), Texts{"fr"});
  EXPECT_EQ(wanted_languages(""), Texts());
}

TEST(Language, D23MorePreferencesThanAnybodyHasAreNotLookedAt) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "de,";
  EXPECT_EQ(wanted_languages(many).size(), 32u);
}

TEST(DocumentFields, WhatIsThereIsTakenAndTheRestLeft) {
  const auto taken = fields({{"displayname", "Manual"},
                             {"x", "y"},
                             {"supplierDocument", "True"},
                             {"supplierName", "Amcor"},
                             {"languageCodes[]", "de"},
                             {"languageCodes[1]", "EN, de"}});
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->displayname, "Manual");
  EXPECT_EQ(taken->organization_id, std::nullopt);
  EXPECT_EQ(taken->category_id, std::nullopt);
  EXPECT_EQ(taken->languages, (Texts{"de", "en"}));
  EXPECT_EQ(taken->supplier_document, true);
  EXPECT_EQ(taken->supplier_name, "Amcor");
  EXPECT_TRUE(taken->change_something());
  EXPECT_FALSE(fields({{"organizationId", "org"}, {"x", "y"}})->change_something());
}

TEST(DocumentFields, TheFirstThatBreaksARuleIsNamed) {
  const auto bad = [](std::vector<TextField> given) {
    return fields(std::move(given)).error().name;
  };
  EXPECT_EQ(bad({{"displayname", ""}}), "displayname");
  EXPECT_EQ(bad({{"displayname", "a"}, {"displayname", "a"}}), "displayname");
  EXPECT_EQ(bad({{"displayname", std::string("a\0b", 3)}}), "displayname");
  EXPECT_EQ(bad({{"displayname", "\xff"}}), "displayname");
  EXPECT_EQ(bad({{"organizationId", ""}}), "organizationId");
  EXPECT_EQ(bad({{"categoryId", std::string(kCategoryIdBytesMax + 1, 'x')}}), "categoryId");
  EXPECT_EQ(bad({{"supplierDocument", "yes"}}), "supplierDocument");
  EXPECT_EQ(bad({{"supplierName", " "}}), "supplierName");
  EXPECT_EQ(bad({{"languageCodes", "de,xx"}, {"displayname", ""}}), "languageCodes");
}

TEST(DocumentFields, ADocumentHasABoundedNumberOfLanguages) {
  std::string codes;
  for (char a = 'a'; a <= 'z'; ++a)
    for (char b = 'a'; b <= 'z'; ++b)
      if (parse_language(std::string{a, b})) codes += std::string{a, b, ','};
  EXPECT_EQ(fields({{"languageCodes", codes}}).error().name, "languageCodes");
  EXPECT_EQ(fields({{"languageCodes", codes.substr(0, 3 * kLanguagesMax)}})->languages->size(),
            kLanguagesMax);
}

TEST(DocumentFields, ASuppliersDocumentNeedsAName) {
  DocumentRecord record;
  record.displayname = "before";
  DocumentFields change{.supplier_document = true};
  ASSERT_FALSE(apply_fields(change, record));
  change.supplier_name = "Amcor";
  ASSERT_TRUE(apply_fields(change, record));
  EXPECT_EQ(record.supplier_name, "Amcor");
  EXPECT_EQ(record.displayname, "before");
  ASSERT_FALSE(apply_fields({.supplier_name = ""}, record));
  ASSERT_TRUE(apply_fields({.supplier_document = false, .supplier_name = ""}, record));
  EXPECT_EQ(record.supplier_name, std::nullopt);
}

TEST(DocumentType, BytesTellWhatTheyCan) {
  EXPECT_EQ(detect_media_type(as_bytes("%PDF-1.7\n")), "application/pdf");
  EXPECT_EQ(detect_media_type(as_bytes("just some words\n")), "text/plain");
  EXPECT_EQ(detect_media_type(as_bytes(std::string_view("\0\1\2\3\xfe\xff", 6))),
            "application/octet-stream");
  EXPECT_EQ(detect_media_type(as_bytes("<?xml version=\"1.0\"?><a/>")), "text/xml");
}

TEST(DocumentType, ADeclaredTypeIsBelievedOnlyWhereBytesAreVague) {
  EXPECT_EQ(document_media_type("application/pdf", "text/plain"), "application/pdf");
  EXPECT_EQ(document_media_type("text/plain", "Text/CSV; charset=utf-8"), "text/csv");
  EXPECT_EQ(document_media_type("application/octet-stream", "model/step"), "model/step");
  EXPECT_EQ(document_media_type("application/zip", "application/vnd.oasis.opendocument.text"),
            "application/vnd.oasis.opendocument.text");
  EXPECT_EQ(document_media_type("application/zip", "model/step"), "application/zip");
  for (const char* lie : {"image/png", "image/svg+xml", "application/pdf", "text/html", "video/mp4",
                          "application/zip", "application/octet-stream", "multipart/form-data",
                          "nonsense", "", "application/x-www-form-urlencoded"})
    EXPECT_EQ(document_media_type("text/plain", lie), "text/plain") << lie;
  EXPECT_EQ(document_media_type("text/plain", "text/" + std::string(200, 'x')), "text/plain");
}

TEST(DocumentType, TheOperatorsTypesAreExactOrWholeKinds) {
  const auto allowed = AllowedTypes::parse(" application/pdf, IMAGE/* ");
  ASSERT_TRUE(allowed);
  EXPECT_TRUE(allowed->allows("application/pdf"));
  EXPECT_TRUE(allowed->allows("image/png"));
  EXPECT_FALSE(allowed->allows("application/pdfx"));
  EXPECT_FALSE(allowed->allows("imagex/png"));
  EXPECT_EQ(allowed->list(), (std::vector<std::string_view>{"application/pdf", "image/*"}));
  EXPECT_TRUE(AllowedTypes().allows("anything/at-all"));
  EXPECT_TRUE(AllowedTypes::parse(" , ")->allows("anything/at-all"));
  for (const char* bad : {"pdf", "application/", "/pdf", "*/*", "a/b/c", "image/**"})
    EXPECT_FALSE(AllowedTypes::parse(bad)) << bad;
}

TEST(CategoryBody, TheDefaultSetKeepsItsOwnRules) {
  const auto file = parse_json(kDefaultCategories);
  ASSERT_TRUE(file);
  const auto categories = parse_categories(*file);
  ASSERT_TRUE(categories);
  EXPECT_GE(categories->size(), 12u);
  for (const CategoryRecord& category : *categories) EXPECT_EQ(category.translations.size(), 3u);
}

TEST(CategoryBody, ACategoryIsReadAndWrittenAlike) {
  const auto body =
      parse_json(R"({"x":1,"translations":[{"languageCode":"DE","name":"Elektronik","y":2},)"
                 R"({"name":"Uno","languageCode":"it"}]})");
  const auto category = parse_category("AA", *body);
  ASSERT_TRUE(category);
  EXPECT_EQ(category_body(*category, {}),
            R"({"data":{"id":"AA","translations":[{"languageCode":"de","name":"Elektronik"},)"
            R"({"languageCode":"it","name":"Uno"}]}})");
  EXPECT_EQ(category_body(*category, "it"),
            R"({"data":{"id":"AA","translations":[{"languageCode":"it","name":"Uno"}]}})");
  EXPECT_EQ(categories_body(std::vector{*category}, "fr"),
            R"({"data":[{"id":"AA","translations":[]}]})");
}

TEST(CategoryBody, WhatBreaksARuleIsNamed) {
  const auto bad = [](std::string_view id, std::string_view text) {
    return std::string(parse_category(id, *parse_json(text)).error().name);
  };
  constexpr std::string_view kGood = R"({"translations":[{"languageCode":"de","name":"x"}]})";
  EXPECT_EQ(bad("", kGood), "id");
  EXPECT_EQ(bad("a b", kGood), "id");
  EXPECT_EQ(bad(std::string(kCategoryIdBytesMax + 1, 'x'), kGood), "id");
  EXPECT_EQ(bad("AA", "[]"), "");
  EXPECT_EQ(bad("AA", "{}"), "translations");
  EXPECT_EQ(bad("AA", R"({"translations":[]})"), "translations");
  EXPECT_EQ(bad("AA", R"({"translations":[{"languageCode":"xx","name":"x"}]})"), "languageCode");
  EXPECT_EQ(bad("AA", R"({"translations":[5]})"), "languageCode");
  EXPECT_EQ(bad("AA", R"({"translations":[{"languageCode":"de","name":""}]})"), "name");
  std::string many = R"({"translations":[)";
  for (std::size_t i = 0; i <= kTranslationsMax; ++i)
    many += R"({"languageCode":"de","name":"x"},)";
  many.back() = ']';
  EXPECT_EQ(bad("AA", many + "}"), "translations");
  EXPECT_FALSE(parse_categories(*parse_json(
      R"([{"id":"A","translations":[{"languageCode":"de","name":"x"}]},
          {"id":"A","translations":[{"languageCode":"de","name":"x"}]}])")));
}

}  // namespace
}  // namespace mooring
