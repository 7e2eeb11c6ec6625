// The page of an answer: which of the documents that match stand at offset, in the order of the
// query's sorts (D16, D18, D19).
//
// Few matches are gathered and sorted. Many are not: the base's order of the first sort is walked
// from its nearer end, past what does not match, until the page begins; that is one bit per place,
// and at most half of the order. Documents that tie on the first sort are a class; a class of more
// than one is paged by the sorts that are left, in the same way. Sorting by category partitions the
// matches by the categories' terms first.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "index_filter.h"
#include "index_session.h"
#include "mooring/catalog/document_query.h"

namespace mooring {

/// One document of an answer, and what keeps its texts alive.
struct IndexedRow {
  ColumnRow row;
  std::shared_ptr<const ColumnPage> page;  ///< of the base; or
  TailPointer tail;
};

/// The order of `sorts`, then id ascending.
[[nodiscard]] bool stands_before(std::span<const DocumentSort> sorts, const ColumnRow& a,
                                 const ColumnRow& b);

/// Up to `limit` rows from `offset` on. A failed read shows in the session's status.
[[nodiscard]] std::vector<IndexedRow> select_page(IndexSession& session,
                                                  const IndexMatches& matches,
                                                  std::span<const DocumentSort> sorts,
                                                  std::uint64_t offset, std::uint64_t limit);

}  // namespace mooring
