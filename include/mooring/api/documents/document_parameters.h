// Document parameters: what the query string of GET /v1/documents asks for (contract 1.2, rules D1
// to D5, D12, D13, D16, D17, D20 to D22).
//
// A pure function from the decoded query to plain data; any thread. Unknown parameters are ignored
// (D12). The first one that breaks a rule is named, and the whole request is refused.
//
// Arrays come in every form that clients use (D1): a=x,y · a=x%2Cy · a=x&a=y · a[]=x · a[0]=x.
// Values are trimmed, empty ones dropped, equal ones taken once; their order means nothing. An
// array that holds nothing after this is one that was left out [D], except assetId (D4).
//
// No source bounds the arrays: kQueryRootsMax and kQueryValuesMax do [D], so that one request
// costs a bounded time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mooring/api/checked.h"
#include "mooring/base/uuid.h"
#include "mooring/catalog/document_query.h"
#include "mooring/http/target.h"

namespace mooring {

inline constexpr std::uint64_t kPageLimitMax = 50;
inline constexpr std::uint64_t kPageLimitDefault = 10;
inline constexpr std::uint64_t kPageNumberMax = (std::uint64_t{1} << 53) - 1;  ///< D13
inline constexpr std::size_t kSearchMin = 3;                                   ///< code points
inline constexpr std::size_t kSearchMax = 255;                                 ///< code points
inline constexpr std::size_t kQueryValuesMax = 1000;  ///< values of one filter [D]
// Asset ids of one query: kQueryRootsMax [D].

struct DocumentParameters {
  std::uint64_t page = 1;
  std::vector<Uuid> assets = {};  ///< ascending, at least one
  /// All but the scopes, which are the assets' once they were looked at (D6, D7).
  DocumentQuery query = {};
};

[[nodiscard]] Checked<DocumentParameters> parse_document_parameters(const QueryParameters& query);

}  // namespace mooring
