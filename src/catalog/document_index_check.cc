#include "mooring/catalog/document_index_check.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "index_place.h"
#include "index_session.h"
#include "mooring/base/case_fold.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::size_t kCacheBytes = std::size_t{64} << 20;
constexpr std::size_t kEntriesPerRead = 1'000;

template <typename Visit>
Status for_each_entry(const View& view, Family family, const std::string& prefix, Visit visit) {
  std::string after;
  while (true) {
    const auto page = view.scan({.family = family,
                                 .prefix = prefix,
                                 .start = after,
                                 .start_key = StartKey::excluded,
                                 .limit = kEntriesPerRead});
    if (!page) return std::unexpected(page.error());
    for (const Entry& entry : *page)
      if (auto visited = visit(entry); !visited) return visited;
    if (page->size() < kEntriesPerRead) return {};
    after = page->back().key;
  }
}

/// One organization: what its documents say the base must hold, counted as they are read.
struct Organization {
  std::string name;
  std::unique_ptr<IndexSession> session;
  /// By ordinal: the first change of the tail tells what the base has, the last what is true.
  struct Changed {
    std::optional<IndexedDocument> before;
    std::optional<IndexedDocument> after;
  };
  std::map<std::uint32_t, Changed> tail;
  std::uint64_t base_documents = 0;
  std::uint64_t base_terms = 0;
};

class IndexCheck {
 public:
  IndexCheck(const View& view, const std::function<void(const std::string&)>& on_problem)
      : view_(view), on_problem_(on_problem) {}

  Result<DocumentIndexReport> run() {
    auto checked = for_each_entry(view_, Family::document_state, "",
                                  [this](const Entry& entry) { return open(entry); });
    if (checked)
      checked = for_each_entry(view_, Family::document, "",
                               [this](const Entry& entry) { return check_document(entry); });
    for (auto& [name, organization] : organizations_)
      if (checked) checked = check_base(organization);
    if (!checked) return std::unexpected(checked.error());
    return report_;
  }

 private:
  Status open(const Entry& entry) {
    KeyReader key(entry.key);
    const std::string name(key.text());
    if (!key.finish("key of an organization")) return {};  // the count of organizations
    const auto state = decode_index_state(entry.value);
    if (!state) return std::unexpected(state.error());
    Organization& organization = organizations_[name];
    organization.name = name;
    organization.session = std::make_unique<IndexSession>(view_, cache_, *state);
    ++report_.organizations;
    return for_each_entry(view_, Family::document_tail, Key().u32(state->number).take(),
                          [&](const Entry& stored) -> Status {
                            auto change = decode_tail_entry(stored.value);
                            if (!change) return std::unexpected(change.error());
                            const auto [known, is_new] =
                                organization.tail.try_emplace(change->ordinal);
                            if (is_new) known->second.before = std::move(change->before);
                            known->second.after = std::move(change->after);
                            ++report_.in_tail;
                            return {};
                          });
  }

  Status check_document(const Entry& entry) {
    const auto record = decode_document(entry.value);
    if (!record) return {};  // told with the owners
    ++report_.documents;
    const auto found = organizations_.find(record->organization_id);
    if (found == organizations_.end()) {
      on_problem_(fmt::format("document {}: its organization has no index", to_string(record->id)));
      return {};
    }
    Organization& organization = found->second;
    const IndexedDocument document = indexed(*record);
    const auto changed = organization.tail.find(record->ordinal);
    if (changed == organization.tail.end())
      return check_in_base(organization, record->ordinal, document);
    if (changed->second.after != document)
      on_problem_(fmt::format("document {}: the tail of the index says something else",
                              to_string(record->id)));
    return {};
  }

  /// The base says everything about `document`, and its sets are counted.
  Status check_in_base(Organization& organization, std::uint32_t ordinal,
                       const IndexedDocument& document) {
    IndexSession& session = *organization.session;
    const auto terms =
        terms_of(document, [this](const Uuid& asset) { return read_ancestors(view_, asset); });
    if (!terms) return std::unexpected(terms.error());
    ++organization.base_documents;
    organization.base_terms += terms->size();
    for (const Term& term : *terms) {
      const Container* const set = session.posting(term)->find(chunk_of(ordinal));
      if (set == nullptr || !set->contains(member_of(ordinal)))
        on_problem_(fmt::format("document {}: a term of kind {} does not lead to it",
                                to_string(document.id), static_cast<int>(term.kind)));
    }
    const auto page = session.page(page_of(ordinal));
    const ColumnRow row = page->row(slot_of(ordinal));
    if (!page->has(slot_of(ordinal)) || row.id != document.id ||
        row.updated_ms != document.updated_ms || row.category != document.category ||
        row.folded != fold_case(document.name) ||
        spelled(row.folded, row.spelling) != document.name)
      on_problem_(fmt::format("document {}: its columns in the index say something else",
                              to_string(document.id)));
    return session.status();
  }

  Status check_base(Organization& organization) {
    for (const auto& [ordinal, changed] : organization.tail)
      if (changed.before)
        if (auto checked = check_in_base(organization, ordinal, *changed.before); !checked)
          return checked;
    std::uint64_t members = 0;
    auto counted = for_each_entry(view_, Family::document_term,
                                  Key().u32(organization.session->state().number).take(),
                                  [&](const Entry& entry) -> Status {
                                    const auto set = Container::decode(entry.value);
                                    if (!set) return std::unexpected(set.error());
                                    members += set->size();
                                    return {};
                                  });
    if (!counted) return counted;
    if (members != organization.base_terms)
      on_problem_(fmt::format("index of {}: its sets have {} members, its documents {} terms",
                              organization.name, members, organization.base_terms));
    for (const OrderKind kind : {OrderKind::name, OrderKind::updated})
      if (auto checked = check_order(organization, kind); !checked) return checked;
    return {};
  }

  /// As many places as documents, each after the one before it: so no document has two.
  Status check_order(Organization& organization, OrderKind kind) {
    IndexSession& session = *organization.session;
    OrderPlaces places(session, kind);
    const std::uint32_t size = session.directory(kind)->size();
    if (size != organization.base_documents)
      on_problem_(fmt::format("index of {}: an order has {} places for {} documents",
                              organization.name, size, organization.base_documents));
    std::shared_ptr<const ColumnPage> page;
    ColumnRow before;
    for (std::uint32_t place = 0; place < size; ++place) {
      const ColumnRow row = places.row_at(place);
      if (place > 0 && !places.is_before(before, row))
        on_problem_(fmt::format("index of {}: an order is out of order at place {}",
                                organization.name, place));
      before = row;
      page = places.page();  // keeps the texts of `before`
    }
    return session.status();
  }

  const View& view_;
  const std::function<void(const std::string&)>& on_problem_;
  IndexCache cache_{kCacheBytes};
  std::map<std::string, Organization> organizations_;
  DocumentIndexReport report_;
};

}  // namespace

Result<DocumentIndexReport> check_document_index(
    const View& view, const std::function<void(const std::string&)>& on_problem) {
  return IndexCheck(view, on_problem).run();
}

}  // namespace mooring
