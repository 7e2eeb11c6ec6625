// Documents and pages as JSON: the seed's example to the byte, and the arithmetic of a page.
#include "mooring/api/documents/document_json.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "test_data.h"

namespace mooring {
namespace {

using Texts = std::vector<std::string>;

/// The document of the seed.
ShownDocument example() {
  ShownDocument shown;
  DocumentRecord& document = shown.document;
  document.id = *parse_uuid("a3f2b65e-4f22-4f45-80c4-9e547a8f5e6a");
  document.filename = "document.pdf";
  document.displayname = "Manual 2025";
  document.owner_id = document.organization_id = "d1f2g3h4-i5j6-k7l8-m9n0";
  document.manufacturer_id = "d1f2g3h4-i5j6-k7l8-m9n0";
  document.mimetype = "application/pdf";
  document.category_id = "AA";
  document.languages = {"de", "fr"};
  document.updated_ms = 1740657600000;
  document.updated_by = "user-1234abcd";
  document.created_by = "user-5678efgh";
  document.created_ms = 1736933400000;
  document.supplier_name = "Amcor";
  document.ai_injected_updated_ms = 1740666600000;
  shown.category = CategoryRecord{"AA", {{"de", "Elektronik"}, {"en", "Electronics"}}};
  return shown;
}

std::string golden(const char* name) {
  std::ifstream file(std::string(MOORING_TEST_DATA) + "/golden/" + name);
  std::stringstream text;
  text << file.rdbuf();
  std::string content = text.str();
  while (!content.empty() && content.back() == '\n') content.pop_back();
  return content;
}

std::string meta_of(const PageNumbers& numbers) {
  const std::string body = document_page_body({}, numbers, {});
  return body.substr(body.find("\"meta\""));
}

TEST(DocumentJson, ThePageOfTheSeedIsItsBytes) {
  EXPECT_EQ(document_page_body(std::vector{example()}, {.total = 100}, {}),
            golden("documents-page.json"));
}

TEST(DocumentJson, WhatIsNotThereIsNull) {
  ShownDocument shown = example();
  shown.category.reset();
  shown.document.category_id.reset();
  shown.document.manufacturer_id.reset();
  shown.document.supplier_name.reset();
  shown.document.ai_injected_updated_ms.reset();
  shown.document.languages.clear();
  const std::string body = document_body(shown, {});
  for (const char* part : {R"("manufacturerId":null)", R"("category":null)", R"("languages":[])",
                           R"("supplierName":null)", R"("aiInjectedUpdatedAt":null)"})
    EXPECT_NE(body.find(part), body.npos) << part;
}

TEST(DocumentJson, D14D15PagesAreCountedFromTheTotal) {
  EXPECT_EQ(meta_of({.total = 0}),
            R"("meta":{"page":1,"offset":0,"limit":10,"totalItems":0,"totalPages":0,)"
            R"("hasNextPage":false,"hasPreviousPage":false}})");
  EXPECT_EQ(meta_of({.page = 3, .offset = 4, .limit = 2, .total = 5}),
            R"("meta":{"page":3,"offset":4,"limit":2,"totalItems":5,"totalPages":3,)"
            R"("hasNextPage":false,"hasPreviousPage":true}})");
  EXPECT_EQ(meta_of({.page = 9, .offset = 16, .limit = 2, .total = 5}),
            R"("meta":{"page":9,"offset":16,"limit":2,"totalItems":5,"totalPages":3,)"
            R"("hasNextPage":false,"hasPreviousPage":true}})");
}

TEST(DocumentJson, D23TheFirstWantedLanguageThatThereIs) {
  const CategoryRecord category{"X", {{"it", "Uno"}, {"en", "One"}, {"de", "Eins"}}};
  EXPECT_EQ(choose_translation(category, Texts{"fr", "de"})->name, "Eins");
  EXPECT_EQ(choose_translation(category, Texts{"fr"})->name, "One");
  EXPECT_EQ(choose_translation(category, {})->name, "One");
  EXPECT_EQ(choose_translation({"X", {{"it", "Uno"}, {"es", "Uno"}}}, Texts{"fr"})->name, "Uno");
  EXPECT_EQ(choose_translation({"X", {}}, {}), nullptr);
}

TEST(DocumentJson, TheWarningAboutADuplicateIsTheVendors) {
  const Uuid asset = *parse_uuid("de8bf591-0a43-4ec3-958e-9f3466adf688");
  const std::string body = duplicate_body(example(), std::vector{asset}, {});
  constexpr std::string_view kBeginning =
      R"({"data":{"warningCode":"DuplicateDocument","message":"Document \"Manual 2025\" )"
      R"((filename: document.pdf, id: a3f2b65e-4f22-4f45-80c4-9e547a8f5e6a) already exists )"
      R"(and was not uploaded again, linked to asset(s) de8bf591-0a43-4ec3-958e-9f3466adf688",)"
      R"("extension":{"document":{"id":)";
  EXPECT_TRUE(body.starts_with(kBeginning)) << body;
}

}  // namespace
}  // namespace mooring
