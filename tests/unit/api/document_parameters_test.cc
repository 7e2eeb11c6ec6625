// What a query string asks for, rule by rule; what it finds is tested from outside
// (tests/api/test_document_queries.py).
#include "mooring/api/documents/document_parameters.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

namespace mooring {
namespace {

constexpr std::string_view kAsset = "0223327b-9270-4478-b11a-597b8885440d";

Checked<DocumentParameters> parse(const std::string& more) {
  const auto query = parse_query(fmt::format("assetId={}&{}", kAsset, more));
  EXPECT_TRUE(query.has_value()) << more;
  return parse_document_parameters(*query);
}

std::string refused(const std::string& more) {
  const auto parameters = parse(more);
  return parameters ? "accepted" : std::string(parameters.error().name);
}

using Texts = std::vector<std::string>;

TEST(DocumentParameters, NothingButAnAssetIsTheFirstTenOfIt) {
  const auto parameters = parse("");
  ASSERT_TRUE(parameters);
  EXPECT_EQ(parameters->page, 1u);
  EXPECT_EQ(parameters->query.limit, 10u);
  EXPECT_EQ(parameters->query.offset, 0u);
  EXPECT_EQ(parameters->assets, std::vector{*parse_uuid(kAsset)});
  EXPECT_TRUE(parameters->query.search.empty());
  EXPECT_TRUE(parameters->query.sorts.empty());
  EXPECT_FALSE(parameters->query.supplier_document);
}

TEST(DocumentParameters, D1EveryFormOfAnArrayIsTheSame) {
  const Texts wanted = {"AA", "BB", "CC"};
  for (const char* form : {"filterByCategory=AA,BB,CC", "filterByCategory=AA%2CBB%2CCC",
                           "filterByCategory=CC&filterByCategory=BB&filterByCategory=AA",
                           "filterByCategory[]=AA&filterByCategory[]=BB,CC",
                           "filterByCategory[0]=AA,&filterByCategory[17]=BB,CC",
                           "filterByCategory=%20AA%20,BB%09,,CC,AA",
                           "filterByCategory=AA&filterByCategory%5B%5D=BB,CC"})
    EXPECT_EQ(parse(form)->query.categories, wanted) << form;
}

TEST(DocumentParameters, D1OtherBracketsAreOtherNames) {
  for (const char* form :
       {"filterByCategory[x]=AA", "filterByCategory[=AA", "filterByCategory]=AA",
        "filterByCategory[-1]=AA", "filterByCategoryx=AA", "FILTERBYCATEGORY=AA"})
    EXPECT_EQ(parse(form)->query.categories, Texts()) << form;
}

TEST(DocumentParameters, D2ASupplierIsWholeAndInParts) {
  EXPECT_EQ(parse("filterBySupplier=Bosch,%20Rexroth")->query.supplier_names,
            (Texts{"Bosch", "Bosch, Rexroth", "Rexroth"}));
  EXPECT_EQ(parse("filterBySupplier=Amcor")->query.supplier_names, Texts{"Amcor"});
  EXPECT_EQ(parse("filterByCategory=A,B")->query.categories, (Texts{"A", "B"}));
}

TEST(DocumentParameters, D3MediaTypesGetTheirPlusBackAndLoseTheirParameters) {
  EXPECT_EQ(parse("filterByFileType=image/svg+xml,Application/PDF;v=1,text/plain%20;q=1")
                ->query.mimetypes,
            (Texts{"application/pdf", "image/svg+xml", "text/plain"}));
}

TEST(DocumentParameters, D4D5AssetsAreUuidsAndAtLeastOne) {
  const auto of = [](std::string_view text) {
    return parse_document_parameters(*parse_query(text));
  };
  for (const char* text : {"", "assetId=", "assetId=,,", "assetId=x", "assetId[]=%20",
                           "assetId=0223327b-9270-4478-b11a-597b8885440d,x",
                           "assetId=0223327b92704478b11a597b8885440d"}) {
    const auto parameters = of(text);
    ASSERT_FALSE(parameters) << text;
    EXPECT_EQ(parameters.error().name, "assetId") << text;
  }
  EXPECT_EQ(of("assetId=0223327B-9270-4478-B11A-597B8885440D,0223327b-9270-4478-b11a-597b8885440d")
                ->assets.size(),
            1u);
}

TEST(DocumentParameters, AssetsAndValuesAreBoundedOnBothSides) {
  std::string ids;
  for (std::size_t i = 0; i < kQueryRootsMax; ++i)
    ids += fmt::format("00000000-0000-4000-8000-{:012x},", i);
  const auto of = [](const std::string& text) {
    return parse_document_parameters(*parse_query(text));
  };
  EXPECT_EQ(of("assetId=" + ids)->assets.size(), kQueryRootsMax);
  EXPECT_EQ(of("assetId=" + ids + std::string(kAsset)).error().name, "assetId");
  for (const char* name :
       {"filterByCategory", "filterByFileType", "filterByLanguage", "filterBySupplier"}) {
    std::string values = fmt::format("{}=de", name);
    for (std::size_t i = 1; i < kQueryValuesMax; ++i) values += ",de";
    EXPECT_EQ(refused(values), "accepted") << name;
    EXPECT_EQ(refused(values + ",de"), name);
  }
}

TEST(DocumentParameters, D12D17ScalarsAreThereOnceAndNotEmpty) {
  for (const char* name : {"page", "limit", "searchByName", "sortByName", "sortByCategory",
                           "sortByUpdatedAt", "supplier"}) {
    EXPECT_EQ(refused(fmt::format("{}=", name)), name);
    EXPECT_EQ(refused(name), name);
  }
  EXPECT_EQ(refused("page=1&page=1"), "page");
  EXPECT_EQ(refused("sortByName=asc&sortByName=asc"), "sortByName");
  EXPECT_EQ(refused("supplier=true&supplier=true"), "supplier");
  EXPECT_EQ(refused("unknown=&unknown=1&page[]=x"), "accepted");
}

TEST(DocumentParameters, D13NumbersAreDigitsWithinTheirRange) {
  for (const char* bad : {"0", "00", "-1", "+1", "1.5", "1e1", "0x1", "%201", "1%20",
                          "9007199254740992", "18446744073709551617", "99999999999999999999999999"})
    EXPECT_EQ(refused(fmt::format("page={}", bad)), "page") << bad;
  for (const char* bad : {"0", "51", "1.0", "4294967297"})
    EXPECT_EQ(refused(fmt::format("limit={}", bad)), "limit") << bad;
  const auto last = parse("page=9007199254740991&limit=50");
  ASSERT_TRUE(last);
  EXPECT_EQ(last->query.offset, 9007199254740990u * 50);
  EXPECT_EQ(parse("page=003&limit=7")->query.offset, 14u);
}

TEST(DocumentParameters, SearchesAreMeasuredInCodePoints) {
  EXPECT_EQ(refused("searchByName=ab"), "searchByName");
  EXPECT_EQ(refused("searchByName=%C3%BC%C3%BC"), "searchByName");
  EXPECT_EQ(parse("searchByName=%C3%BC%C3%BC%C3%BC")->query.search, "\u00fc\u00fc\u00fc");
  EXPECT_EQ(refused("searchByName=" + std::string(255, 'x')), "accepted");
  EXPECT_EQ(refused("searchByName=" + std::string(256, 'x')), "searchByName");
  EXPECT_EQ(parse("searchByName=%20a%20")->query.search, " a ");
}

TEST(DocumentParameters, D16SortsKeepTheOrderOfTheQuery) {
  using Key = DocumentSortKey;
  using enum SortOrder;
  EXPECT_EQ(parse("sortByUpdatedAt=desc&x=1&sortByName=asc&sortByCategory=desc")->query.sorts,
            (std::vector<DocumentSort>{
                {Key::updated, descending}, {Key::name, ascending}, {Key::category, descending}}));
  for (const char* bad : {"ASC", "Desc", "up", "asc,desc", "%20asc"})
    EXPECT_EQ(refused(fmt::format("sortByName={}", bad)), "sortByName") << bad;
}

TEST(DocumentParameters, D21LanguagesAreTwoLettersOrNone) {
  EXPECT_EQ(parse("filterByLanguage=de,FR,NONE,xx")->query.languages,
            (Texts{"fr", "none", "de", "xx"}));
  for (const char* bad : {"d", "deu", "d1", "de-DE", "%C3%A4", "nones"})
    EXPECT_EQ(refused(fmt::format("filterByLanguage=en,{}", bad)), "filterByLanguage") << bad;
}

TEST(DocumentParameters, D22TheSupplierFlagIsALiteral) {
  EXPECT_EQ(parse("supplier=TRUE")->query.supplier_document, true);
  EXPECT_EQ(parse("supplier=False")->query.supplier_document, false);
  for (const char* bad : {"1", "0", "yes", "null", "tru", "%20true"})
    EXPECT_EQ(refused(fmt::format("supplier={}", bad)), "supplier") << bad;
}

TEST(DocumentParameters, TheFirstThatIsWrongIsNamed) {
  EXPECT_EQ(refused("limit=0&page=0"), "page");
  EXPECT_EQ(refused("supplier=x&searchByName=a"), "searchByName");
}

}  // namespace
}  // namespace mooring
