// DocumentIndex: answers DocumentQuery, exactly and with an exact total, in milliseconds among
// millions of documents.
//
// One per database, owned by the application: made after the writer, stopped before it. `query` may
// be called from any thread that may block, which is a worker, never a core's. It reads one moment
// of the catalogue: everything that was committed before the call, nothing in halves.
//
// The index of an organization and why it is shaped so:
//   * Documents have dense ordinals of 32 bits; freed ones are used again. Sets of documents are
//     containers of 65,536 ordinals, lists while small, bitmaps of 8 KiB above
//     (index_container.h). The cost of a set operation is bytes of bitmap, not documents.
//   * Terms (index_terms.h): category, type, language, supplier, each three code points of the
//     folded name, and every asset whose subtree the document is in. A scope is the union of its
//     roots' sets, a total the number of bits, exactly. A moved or removed asset changes the sets
//     of its ancestors chunk by chunk (index_moves.cc).
//   * Columns (index_columns.h): ids, instants, folded names, 256 ordinals to a page: what searches
//     are verified on and small answers sorted by.
//   * Orders (index_order.h): all ordinals by name and by instant, in blocks. A large answer is not
//     sorted: the order is walked, one bit per place, from the nearer end, to where the page
//     begins.
//   * The tail (index_tail.h): a change writes one small key, in the record's own batch. Queries
//     hold the newest few thousand changes in memory, evaluate them one by one and hide what the
//     base says about them; so a query right after a 2xx sees the document. The fold (index_fold.h)
//     rewrites each touched container once per thousands of changes, beside the writer.
//   * Nothing is ever marked dead: a deleted document's bits are cleared by the fold, the keys of
//     the tail go by point deletes below the place where queries begin to read.
//   * Memory: what queries decoded is cached up to memory_bytes, least recently used first out.
//     The base is versioned; a log of replaced keys tells caches what to let go.
//
//   I1 the base is the state of every document at folded_sequence, and the tail every change since;
//      base and tail change in the transaction of what they describe.
//   I2 a version of the base never changes: fold, move and removal make a new one.
#pragma once

#include <cstdint>
#include <memory>

#include "mooring/base/result.h"
#include "mooring/catalog/database.h"
#include "mooring/catalog/document_query.h"
#include "mooring/catalog/writer.h"

namespace mooring {

struct DocumentIndexOptions {
  std::size_t memory_bytes = std::size_t{256} << 20;  ///< of what queries keep of the index
  std::size_t tail_documents = 4'096;                 ///< changes that are kept aside before a fold
};

struct DocumentIndexMetrics {
  std::uint64_t memory_bytes = 0;  ///< cached at present
  std::uint64_t hits = 0;          ///< parts of the index found in the cache
  std::uint64_t misses = 0;        ///< and read from the database
  std::uint64_t folds = 0;         ///< installed
  std::uint64_t folds_stale = 0;   ///< thrown away because assets moved
  std::uint64_t changes_folded = 0;
};

class DocumentIndex {
 public:
  /// Starts the thread that folds. The database and the writer outlive the index.
  DocumentIndex(Database& database, Writer& writer, DocumentIndexOptions options);
  /// Stops the thread. The writer still runs.
  ~DocumentIndex();
  DocumentIndex(const DocumentIndex&) = delete;
  DocumentIndex& operator=(const DocumentIndex&) = delete;

  /// Blocks. A page past the end is empty, with its total (D14). Fails with io_error or corrupt.
  [[nodiscard]] Result<DocumentPage> query(const DocumentQuery& query) const;

  /// Folds all that every tail holds, now. Blocks; for tools, tests and benchmarks.
  [[nodiscard]] Status fold();

  /// Any thread.
  [[nodiscard]] DocumentIndexMetrics metrics() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mooring
