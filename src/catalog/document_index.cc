#include "mooring/catalog/document_index.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "index_folder.h"
#include "index_pages.h"

namespace mooring {
namespace {

/// D19: without any sort.
constexpr DocumentSort kDefaultSort{DocumentSortKey::updated, SortOrder::descending};

/// One query at one moment.
class QueryRun {
 public:
  QueryRun(const Database& database, IndexCache& cache, const DocumentQuery& query)
      : view_(database), cache_(cache), query_(query), sorts_(query.sorts) {
    if (sorts_.empty()) sorts_.push_back(kDefaultSort);
  }

  Result<DocumentPage> run() {
    // Several organizations: each gives what could be on the page, and the page is cut of all.
    const bool is_one = query_.scopes.size() == 1;
    const std::uint64_t end =
        query_.offset > std::numeric_limits<std::uint64_t>::max() - query_.limit
            ? std::numeric_limits<std::uint64_t>::max()
            : query_.offset + query_.limit;
    for (const DocumentScope& scope : query_.scopes) {
      const auto ran =
          is_one ? run_scope(scope, query_.offset, query_.limit) : run_scope(scope, 0, end);
      if (!ran) return std::unexpected(ran.error());
    }
    if (!is_one) cut_page();
    for (const IndexedRow& row : rows_) {
      auto record = find_document(view_, row.row.id);
      if (!record) return std::unexpected(record.error());
      if (!*record) return fail(Errc::corrupt, "document of the index without a record");
      page_.documents.push_back(**std::move(record));
    }
    return std::move(page_);
  }

 private:
  Status run_scope(const DocumentScope& scope, std::uint64_t offset, std::uint64_t limit) {
    const auto state = find_index_state(view_, scope.organization);
    if (!state) return std::unexpected(state.error());
    if (!*state) return {};
    IndexSession session(view_, cache_, **state);
    const auto tail = read_tail(cache_, view_, **state);
    if (!tail) return std::unexpected(tail.error());
    const IndexFilter filter(query_, scope);
    const IndexMatches matches = find_matches(session, **tail, filter);
    page_.total += matches.size();
    std::ranges::move(select_page(session, matches, sorts_, offset, limit),
                      std::back_inserter(rows_));
    return session.status();
  }

  void cut_page() {
    std::ranges::sort(rows_, [this](const IndexedRow& a, const IndexedRow& b) {
      return stands_before(sorts_, a.row, b.row);
    });
    const auto begin = std::min<std::uint64_t>(query_.offset, rows_.size());
    const auto end = std::min<std::uint64_t>(begin + query_.limit, rows_.size());
    rows_ = std::vector<IndexedRow>(
        std::make_move_iterator(rows_.begin() + static_cast<std::ptrdiff_t>(begin)),
        std::make_move_iterator(rows_.begin() + static_cast<std::ptrdiff_t>(end)));
  }

  const Snapshot view_;
  IndexCache& cache_;
  const DocumentQuery& query_;
  std::vector<DocumentSort> sorts_;
  std::vector<IndexedRow> rows_;
  DocumentPage page_;
};

}  // namespace

struct DocumentIndex::Impl {
  Impl(Database& opened, Writer& writer, DocumentIndexOptions options)
      : database(opened),
        cache(options.memory_bytes),
        folder(opened, writer, cache, fold_size(options.tail_documents, opened)) {}

  /// A tail that is at its limit is folded in any case, and well before it is there.
  static std::size_t fold_size(std::size_t tail_documents, const Database& database) {
    return std::min<std::size_t>(tail_documents, (database.document_tail_max() + 1) / 2);
  }

  const Database& database;
  IndexCache cache;
  IndexFolder folder;
};

DocumentIndex::DocumentIndex(Database& database, Writer& writer, DocumentIndexOptions options)
    : impl_(std::make_unique<Impl>(database, writer, options)) {}

DocumentIndex::~DocumentIndex() = default;

Result<DocumentPage> DocumentIndex::query(const DocumentQuery& query) const {
  return QueryRun(impl_->database, impl_->cache, query).run();
}

Status DocumentIndex::fold() {
  return impl_->folder.fold_all();
}

DocumentIndexMetrics DocumentIndex::metrics() const {
  const IndexCacheMetrics cache = impl_->cache.metrics();
  const IndexFolderMetrics folder = impl_->folder.metrics();
  return {.memory_bytes = cache.memory_bytes,
          .hits = cache.hits,
          .misses = cache.misses,
          .folds = folder.folds,
          .folds_stale = folder.stale,
          .changes_folded = folder.changes};
}

}  // namespace mooring
