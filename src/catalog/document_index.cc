#include "mooring/catalog/document_index.h"

#include <algorithm>
#include <compare>
#include <set>

#include "mooring/base/case_fold.h"
#include "mooring/catalog/assets.h"

namespace mooring {
namespace {

constexpr std::size_t kNoLimit = std::size_t{1} << 40;

struct Candidate {
  DocumentRecord record;
  std::string folded;
};

template <typename T>
bool passes(const std::vector<T>& filter, const T& value) {
  return filter.empty() || std::ranges::find(filter, value) != filter.end();
}

/// The type without its parameters, in lower case.
std::string plain_type(std::string_view mimetype) {
  std::string plain = fold_case(mimetype.substr(0, mimetype.find(';')));
  while (!plain.empty() && plain.back() == ' ') plain.pop_back();
  return plain;
}

bool passes_languages(const DocumentQuery& query, const DocumentRecord& record) {
  if (query.languages.empty()) return true;
  if (record.languages.empty()) return passes(query.languages, std::string(kNoLanguage));
  return std::ranges::any_of(record.languages, [&](const std::string& language) {
    return passes(query.languages, fold_case(language));
  });
}

bool passes_supplier(const DocumentQuery& query, const DocumentRecord& record) {
  if (query.supplier_document && *query.supplier_document != record.supplier_document) return false;
  if (query.supplier_names.empty()) return true;
  return record.supplier_name && passes(query.supplier_names, *record.supplier_name);
}

bool matches(const DocumentQuery& query, const std::vector<std::string>& types,
             const std::string& search, const Candidate& candidate) {
  const DocumentRecord& record = candidate.record;
  if (!query.categories.empty() &&
      (!record.category_id || !passes(query.categories, *record.category_id)))
    return false;
  return passes(types, plain_type(record.mimetype)) && passes_languages(query, record) &&
         passes_supplier(query, record) && candidate.folded.find(search) != std::string::npos;
}

std::strong_ordering compare_by(DocumentSortKey key, const Candidate& a, const Candidate& b) {
  switch (key) {
    case DocumentSortKey::name:
      if (const auto order = a.folded <=> b.folded; order != 0) return order;
      return a.record.displayname <=> b.record.displayname;
    case DocumentSortKey::category:
      if (!a.record.category_id || !b.record.category_id)
        return b.record.category_id.has_value() <=> a.record.category_id.has_value();
      return *a.record.category_id <=> *b.record.category_id;
    case DocumentSortKey::updated:
      break;
  }
  return a.record.updated_ms <=> b.record.updated_ms;
}

bool stands_before(const std::vector<DocumentSort>& sorts, const Candidate& a, const Candidate& b) {
  for (const DocumentSort& sort : sorts) {
    const auto order = compare_by(sort.key, a, b);
    if (order != 0) return sort.order == SortOrder::ascending ? order < 0 : order > 0;
  }
  return a.record.id < b.record.id;
}

Status gather(const View& view, const std::vector<Uuid>& roots, std::set<Uuid>& documents) {
  std::set<Uuid> seen;
  std::vector<Uuid> waiting = roots;
  while (!waiting.empty()) {
    const Uuid asset = waiting.back();
    waiting.pop_back();
    if (!seen.insert(asset).second) continue;
    const auto linked = list_documents_of_asset(view, asset, kNoLimit);
    if (!linked) return std::unexpected(linked.error());
    documents.insert(linked->begin(), linked->end());
    const auto children = list_children(view, asset, kNoLimit);
    if (!children) return std::unexpected(children.error());
    waiting.insert(waiting.end(), children->begin(), children->end());
  }
  return {};
}

}  // namespace

DocumentIndex::DocumentIndex(Database& database, Writer& writer, DocumentIndexOptions options)
    : database_(database), writer_(writer), options_(options) {
  (void)writer_;
}

DocumentIndex::~DocumentIndex() = default;

Result<DocumentPage> DocumentIndex::query(const DocumentQuery& query) const {
  std::set<Uuid> ids;
  for (const DocumentScope& scope : query.scopes)
    if (auto gathered = gather(database_, scope.roots, ids); !gathered)
      return std::unexpected(gathered.error());
  std::vector<std::string> types;
  for (const std::string& type : query.mimetypes) types.push_back(plain_type(type));
  const std::string search = fold_case(query.search);
  std::vector<Candidate> found;
  for (const Uuid& id : ids) {
    auto record = find_document(database_, id);
    if (!record) return std::unexpected(record.error());
    if (!*record) continue;  // removed since it was gathered
    Candidate candidate{**std::move(record), {}};
    candidate.folded = fold_case(candidate.record.displayname);
    if (matches(query, types, search, candidate)) found.push_back(std::move(candidate));
  }
  const std::vector<DocumentSort> sorts =
      query.sorts.empty() ? std::vector<DocumentSort>{DocumentSort{}} : query.sorts;
  std::ranges::sort(found, [&sorts](const Candidate& a, const Candidate& b) {
    return stands_before(sorts, a, b);
  });
  DocumentPage page{.documents = {}, .total = found.size()};
  for (std::uint64_t i = query.offset; i < found.size() && page.documents.size() < query.limit; ++i)
    page.documents.push_back(std::move(found[i].record));
  return page;
}

}  // namespace mooring
