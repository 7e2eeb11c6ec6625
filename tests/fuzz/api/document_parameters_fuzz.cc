// Whatever a query string holds, what is accepted keeps the bounds that the index relies on.

#include "fuzz/fuzz.h"
#include "mooring/api/documents/document_parameters.h"
#include "mooring/base/utf8.h"

namespace {

using namespace mooring;

void check(const DocumentParameters& parameters) {
  const DocumentQuery& query = parameters.query;
  MOORING_CHECK(!parameters.assets.empty() && parameters.assets.size() <= kQueryRootsMax, "assets");
  MOORING_CHECK(query.limit >= 1 && query.limit <= kPageLimitMax, "limit");
  MOORING_CHECK(parameters.page >= 1 && parameters.page <= kPageNumberMax, "page");
  MOORING_CHECK(query.offset == (parameters.page - 1) * query.limit, "offset");
  MOORING_CHECK(query.sorts.size() <= 3, "sorts");
  if (!query.search.empty()) {
    MOORING_CHECK(valid_utf8(query.search), "search");
    const std::size_t length = code_points(query.search);
    MOORING_CHECK(length >= kSearchMin && length <= kSearchMax, "search");
  }
  for (const std::string& language : query.languages)
    MOORING_CHECK(language == kNoLanguage || language.size() == 2, "language");
  for (const std::string& type : query.mimetypes)
    MOORING_CHECK(type.find(';') == type.npos && type.find(' ') == type.npos, "type");
  for (const auto* values : {&query.categories, &query.mimetypes, &query.languages})
    MOORING_CHECK(values->size() <= kQueryValuesMax, "values");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto query = parse_query(fuzz_text(data, size));
  if (!query) return 0;
  if (const auto parameters = parse_document_parameters(*query)) check(*parameters);
  return 0;
}
