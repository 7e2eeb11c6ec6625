// The proof that the document index agrees with the documents, for `mooring check`.
//
// Every document is found by its own change in the tail or by what the base says of its ordinal;
// the base says it completely (each of its terms, its columns, a place in each order) and
// nothing besides (the sets have as many members as all documents have terms). Reads everything
// once, in bounded memory; blocks for as long as that takes. The view shows one moment.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "mooring/base/result.h"
#include "mooring/catalog/view.h"

namespace mooring {

struct DocumentIndexReport {
  std::uint64_t organizations = 0;
  std::uint64_t documents = 0;
  std::uint64_t in_tail = 0;  ///< changes that are not in the base yet
};

/// `on_problem` is called with one sentence per disagreement. Fails only where it cannot go on
/// reading: io_error, or corrupt.
[[nodiscard]] Result<DocumentIndexReport> check_document_index(
    const View& view, const std::function<void(const std::string&)>& on_problem);

}  // namespace mooring
