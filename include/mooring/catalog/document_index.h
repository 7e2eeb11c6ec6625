// DocumentIndex: answers DocumentQuery, exactly and with an exact total.
//
// One per database, owned by the application: made after the writer, stopped before it. `query` may
// be called from any thread that may block, which is a worker, never a core's. It reads one moment
// of the catalogue: everything that was committed before the call, nothing in halves.
#pragma once

#include "mooring/base/result.h"
#include "mooring/catalog/database.h"
#include "mooring/catalog/document_query.h"
#include "mooring/catalog/writer.h"

namespace mooring {

struct DocumentIndexOptions {
  std::size_t memory_bytes = std::size_t{256} << 20;  ///< of what queries keep of the index
  std::size_t tail_documents = 4096;  ///< changed documents kept aside before they are folded in
};

class DocumentIndex {
 public:
  /// The database and the writer outlive the index.
  DocumentIndex(Database& database, Writer& writer, DocumentIndexOptions options);
  ~DocumentIndex();
  DocumentIndex(const DocumentIndex&) = delete;
  DocumentIndex& operator=(const DocumentIndex&) = delete;

  /// Blocks. A page past the end is empty, with its total (D14). Fails with io_error or corrupt.
  [[nodiscard]] Result<DocumentPage> query(const DocumentQuery& query) const;

 private:
  Database& database_;
  Writer& writer_;
  const DocumentIndexOptions options_;
};

}  // namespace mooring
