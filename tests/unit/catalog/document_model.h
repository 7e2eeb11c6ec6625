// The reference model of the document index: a plain scan over everything in memory, written from
// the rules D8 to D24 and not from the index.
#pragma once

#include <algorithm>
#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mooring/base/case_fold.h"
#include "mooring/catalog/document_query.h"

namespace mooring {

struct ModelAsset {
  std::string organization;
  std::optional<Uuid> parent;
};

struct DocumentModel {
  std::map<Uuid, ModelAsset> assets;
  std::map<Uuid, DocumentRecord> documents;

  /// D8: the roots and all below them; and assets by themselves.
  std::set<Uuid> subtrees(const DocumentQuery& query) const {
    std::set<Uuid> inside;
    for (const DocumentScope& scope : query.scopes)
      inside.insert(scope.roots.begin(), scope.roots.end());
    for (std::size_t before = 0; before != inside.size();) {
      before = inside.size();
      for (const auto& [id, asset] : assets)
        if (asset.parent && inside.contains(*asset.parent)) inside.insert(id);
    }
    for (const DocumentScope& scope : query.scopes)
      inside.insert(scope.assets.begin(), scope.assets.end());
    return inside;
  }

  /// Ids and total, as the index must answer.
  struct Answer {
    std::vector<Uuid> ids;
    std::uint64_t total = 0;
    friend bool operator==(const Answer&, const Answer&) = default;
  };

  Answer answer(const DocumentQuery& query) const {
    const std::set<Uuid> inside = subtrees(query);
    std::vector<const DocumentRecord*> found;
    for (const auto& [id, record] : documents)
      if (std::ranges::any_of(record.asset_ids,
                              [&](const Uuid& asset) { return inside.contains(asset); }) &&
          matches(query, record))
        found.push_back(&record);
    std::vector<DocumentSort> sorts = query.sorts;
    if (sorts.empty()) sorts.push_back({DocumentSortKey::updated, SortOrder::descending});  // D19
    std::ranges::sort(found, [&](const DocumentRecord* a, const DocumentRecord* b) {
      for (const DocumentSort& sort : sorts) {
        const auto order = compare(sort.key, *a, *b);
        if (order != 0) return sort.order == SortOrder::ascending ? order < 0 : order > 0;
      }
      return a->id < b->id;
    });
    Answer answer{.ids = {}, .total = found.size()};
    for (std::uint64_t i = query.offset; i < found.size() && answer.ids.size() < query.limit; ++i)
      answer.ids.push_back(found[i]->id);
    return answer;
  }

 private:
  template <typename T>
  static bool is_in(const std::vector<T>& values, const T& value) {
    return std::ranges::find(values, value) != values.end();
  }

  static bool matches(const DocumentQuery& query, const DocumentRecord& record) {
    if (fold_case(record.displayname).find(fold_case(query.search)) == std::string::npos)
      return false;
    if (!query.categories.empty() &&
        !(record.category_id && is_in(query.categories, *record.category_id)))
      return false;
    const auto plain = [](const std::string& type) {
      return fold_case(std::string_view(type).substr(0, type.find(';')));
    };
    if (!query.mimetypes.empty() && std::ranges::none_of(query.mimetypes, [&](const auto& type) {
          return plain(type) == plain(record.mimetype);
        }))
      return false;
    if (!query.languages.empty() &&
        !(record.languages.empty() && is_in(query.languages, std::string(kNoLanguage))) &&
        std::ranges::none_of(record.languages,
                             [&](const auto& code) { return is_in(query.languages, code); }))
      return false;
    if (query.supplier_document && *query.supplier_document != record.supplier_document)
      return false;
    return query.supplier_names.empty() ||
           (record.supplier_name && is_in(query.supplier_names, *record.supplier_name));
  }

  static std::strong_ordering compare(DocumentSortKey key, const DocumentRecord& a,
                                      const DocumentRecord& b) {
    if (key == DocumentSortKey::updated) return a.updated_ms <=> b.updated_ms;
    if (key == DocumentSortKey::category) {
      if (a.category_id && b.category_id) return *a.category_id <=> *b.category_id;
      return b.category_id.has_value() <=> a.category_id.has_value();  // none after all others
    }
    const auto folded = fold_case(a.displayname) <=> fold_case(b.displayname);
    return folded != 0 ? folded : a.displayname <=> b.displayname;
  }
};

}  // namespace mooring
