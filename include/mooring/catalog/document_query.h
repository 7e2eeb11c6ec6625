// DocumentQuery: what a client asks about documents, already checked against the rules D1 to D24,
// and DocumentPage, the answer.
//
// Plain data. The API parses and validates; the index (document_index.h) answers. An empty filter
// lets everything pass; filters combine with AND, the values of one filter with OR (D20).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mooring/base/uuid.h"
#include "mooring/catalog/documents.h"

namespace mooring {

enum class DocumentSortKey : std::uint8_t {
  name,      ///< displayname: case-folded, then as it stands; by code points (D18)
  category,  ///< category id; no category after all others (D18)
  updated,   ///< the instant of the last change
};

enum class SortOrder : std::uint8_t { ascending, descending };

struct DocumentSort {
  DocumentSortKey key = DocumentSortKey::updated;
  SortOrder order = SortOrder::descending;
  friend bool operator==(const DocumentSort&, const DocumentSort&) = default;
};

/// Assets of one organization whose whole subtrees are asked about (D8). All exist, and the caller
/// may see them: D6 and D7 are the API's. What is below them belongs to the same organization.
struct DocumentScope {
  std::string organization;
  std::vector<Uuid> roots;
  /// Besides the roots: assets by themselves, because the caller may not see all that is below them
  /// (D7). At most kQueryAssetsMax.
  std::vector<Uuid> assets = {};
};

struct DocumentQuery {
  std::vector<DocumentScope> scopes;  ///< each organization once; together at most kQueryRootsMax
  /// Part of the displayname, any case (D11); at least kSearchCodePointsMin code points of valid
  /// UTF-8. Empty: no search.
  std::string search = {};
  /// In order of precedence, each key at most once (D16). Ties, and no sort at all: D19.
  std::vector<DocumentSort> sorts = {};
  std::vector<std::string> categories = {};  ///< ids, exact
  std::vector<std::string> mimetypes = {};   ///< any case; parameters are ignored (D3)
  std::vector<std::string> languages = {};   ///< lower case; "none": documents without one (D21)
  std::optional<bool> supplier_document = {};
  std::vector<std::string> supplier_names = {};  ///< exact
  std::uint64_t offset = 0;
  std::size_t limit = 10;
};

/// A search below this is refused above: the index knows names by three code points.
inline constexpr std::size_t kSearchCodePointsMin = 3;
inline constexpr std::size_t kQueryRootsMax = 50;
inline constexpr std::size_t kQueryAssetsMax = 10'000;
/// The word for documents without a language, among languages.
inline constexpr std::string_view kNoLanguage = "none";

struct DocumentPage {
  std::vector<DocumentRecord> documents;
  std::uint64_t total = 0;  ///< exact: matches before paging
};

}  // namespace mooring
