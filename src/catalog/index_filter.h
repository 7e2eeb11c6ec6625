// The filter: which documents of one organization a query is about, from base and tail.
//
// The base is taken chunk by chunk: the smallest group of terms first, held against the others, so
// that a scope of a hundred documents costs a hundred probes and one of a million a few bitmaps of
// 8 KiB. A search intersects the rarest of its trigrams and is then verified on the folded names,
// unless it is exactly one trigram. The tail is evaluated document by document.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "index_session.h"
#include "index_tail.h"
#include "mooring/catalog/document_query.h"

namespace mooring {

/// A query's conditions as terms, and as what a single document is held against.
class IndexFilter {
 public:
  IndexFilter(const DocumentQuery& query, const DocumentScope& scope);

  /// Every document that passes is below one of these.
  [[nodiscard]] std::vector<Uuid> scope() const;
  /// Whether a document of the tail passes: one that is not removed and lies below the scope.
  [[nodiscard]] bool passes(const TailDocument& document) const;
  /// Each group lets pass what has one of its terms; all groups must. Without the search.
  [[nodiscard]] const std::vector<std::vector<Term>>& groups() const noexcept { return groups_; }
  /// Folded; empty: no search.
  [[nodiscard]] const std::string& search() const noexcept { return search_; }

 private:
  [[nodiscard]] bool is_in_scope(const TailDocument& document) const;

  std::vector<std::vector<Term>> groups_;
  std::string search_;
  std::vector<Uuid> roots_;   // ascending
  std::vector<Uuid> assets_;  // ascending
  std::unordered_set<std::string> categories_;
  std::unordered_set<std::string> types_;
  std::unordered_set<std::string> languages_;
  bool with_no_language_ = false;
  std::optional<bool> supplier_document_;
  std::unordered_set<std::string> supplier_names_;
};

struct IndexMatches {
  struct Part {
    std::uint32_t chunk = 0;
    Container set;
  };
  std::vector<Part> base;  ///< ascending chunks, no empty sets
  std::size_t base_size = 0;
  std::vector<TailPointer> tail;

  [[nodiscard]] std::uint64_t size() const noexcept { return base_size + tail.size(); }
};

/// What `filter` lets pass at the session's moment. A failed read shows in the session's status.
[[nodiscard]] IndexMatches find_matches(IndexSession& session, const IndexTail& tail,
                                        const IndexFilter& filter);

}  // namespace mooring
