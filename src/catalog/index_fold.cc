#include "index_fold.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "index_order_edit.h"
#include "mooring/base/case_fold.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

/// What becomes of one ordinal: what the base has, and what it will have.
struct Folded {
  std::optional<IndexedDocument> before;
  std::optional<IndexedDocument> after;
  std::string folded_name;  ///< of `after`
  std::string spelling;

  [[nodiscard]] std::optional<ColumnRow> row() const {
    if (!after) return std::nullopt;
    ColumnRow row{.id = after->id,
                  .updated_ms = after->updated_ms,
                  .folded = folded_name,
                  .spelling = spelling,
                  .category = std::nullopt};
    if (after->category) row.category = *after->category;
    return row;
  }
};

struct TermChange {
  std::vector<std::uint16_t> removed;
  std::vector<std::uint16_t> added;
};

IndexPart part_of(Family family) {
  if (family == Family::document_term) return IndexPart::term;
  return family == Family::document_column ? IndexPart::column : IndexPart::order;
}

class FoldMaker {
 public:
  FoldMaker(IndexSession& session, IndexFold& fold) : session_(session), fold_(fold) {}

  Status make(std::size_t documents_max) {
    if (auto read = read_tail(documents_max); !read) return read;
    if (auto made = fold_terms(); !made) return made;
    fold_columns();
    fold_orders();
    return session_.status();
  }

 private:
  std::uint32_t number() const { return session_.state().number; }

  Status read_tail(std::size_t documents_max) {
    const IndexState& state = session_.state();
    const std::string prefix = Key().u32(number()).take();
    const std::string start = tail_key(number(), state.folded_sequence + 1);
    const auto entries = session_.view().scan({.family = Family::document_tail,
                                               .prefix = prefix,
                                               .start = start,
                                               .limit = documents_max});
    if (!entries) return std::unexpected(entries.error());
    fold_.folded_sequence = state.folded_sequence;
    for (const Entry& stored : *entries) {
      auto entry = decode_tail_entry(stored.value);
      if (!entry) return std::unexpected(entry.error());
      fold_.folded_sequence = KeyReader(std::string_view(stored.key).substr(prefix.size())).u64();
      const auto [known, is_new] = documents_.try_emplace(entry->ordinal);
      if (is_new) known->second.before = std::move(entry->before);
      known->second.after = std::move(entry->after);
    }
    for (auto& [ordinal, document] : documents_) {
      if (!document.after) continue;
      document.folded_name = fold_case(document.after->name);
      document.spelling = spelling_of(document.after->name, document.folded_name);
    }
    return {};
  }

  Result<Ancestors> ancestors(const Uuid& asset) {
    const auto known = ancestors_.find(asset);
    if (known != ancestors_.end()) return known->second;
    auto above = read_ancestors(session_.view(), asset);
    if (above) ancestors_.emplace(asset, *above);
    return above;
  }

  Result<std::vector<Term>> terms(const std::optional<IndexedDocument>& document) {
    if (!document) return std::vector<Term>();
    return terms_of(*document, [this](const Uuid& asset) { return ancestors(asset); });
  }

  Status fold_terms() {
    std::unordered_map<std::string, TermChange> touched;
    for (const auto& [ordinal, document] : documents_) {
      const auto before = terms(document.before);
      if (!before) return std::unexpected(before.error());
      const auto after = terms(document.after);
      if (!after) return std::unexpected(after.error());
      const std::uint32_t chunk = chunk_of(ordinal);
      for (const Term& term : *before)
        if (!std::ranges::binary_search(*after, term))
          touched[term_key(number(), term, chunk)].removed.push_back(member_of(ordinal));
      for (const Term& term : *after)
        if (!std::ranges::binary_search(*before, term))
          touched[term_key(number(), term, chunk)].added.push_back(member_of(ordinal));
    }
    for (const auto& [key, change] : touched)
      if (auto made = fold_term(key, change); !made) return made;
    return {};
  }

  Status fold_term(const std::string& key, const TermChange& change) {
    const auto stored = session_.view().get(Family::document_term, key);
    if (!stored) return std::unexpected(stored.error());
    Container set;
    if (*stored) {
      auto decoded = Container::decode(**stored);
      if (!decoded) return std::unexpected(decoded.error());
      set = *std::move(decoded);
    }
    const Container changed = set.changed(change.removed, change.added);
    if (!changed.empty())
      fold_.changes.push_back({Family::document_term, key, changed.encode()});
    else if (*stored)
      fold_.changes.push_back({Family::document_term, key, std::nullopt});
    return {};
  }

  void fold_columns() {
    for (auto from = documents_.begin(); from != documents_.end();) {
      const std::uint32_t number_of_page = page_of(from->first);
      const auto page = session_.page(number_of_page);
      PageRows rows = page->rows();
      for (; from != documents_.end() && page_of(from->first) == number_of_page; ++from)
        rows[slot_of(from->first)] = from->second.row();
      const ColumnPage changed(rows);
      std::optional<std::string> value;
      if (!changed.empty()) value = changed.encode();
      fold_.changes.push_back(
          {Family::document_column, column_key(number(), number_of_page), std::move(value)});
    }
  }

  void fold_orders() {
    for (const OrderKind kind : {OrderKind::name, OrderKind::updated}) {
      const OrderPlaces order(session_, kind);
      OrderEdit edit(session_, kind);
      for (const auto& [ordinal, document] : documents_) {
        const auto page = session_.page(page_of(ordinal));
        const auto after = document.row();
        std::optional<ColumnRow> before;
        if (document.before) before = page->row(slot_of(ordinal));
        if (before && after && before->id == after->id && order.compare_keys(*before, *after) == 0)
          continue;
        if (before) edit.remove(*before);
        if (after) edit.insert(ordinal, *after);
      }
      edit.finish(fold_.changes);
    }
  }

  IndexSession& session_;
  IndexFold& fold_;
  std::map<std::uint32_t, Folded> documents_;  // by ordinal
  std::map<Uuid, Ancestors> ancestors_;
};

}  // namespace

Result<IndexFold> prepare_fold(IndexSession& session, std::string organization,
                               std::size_t documents_max) {
  IndexFold fold{.organization = std::move(organization),
                 .made_from = session.state(),
                 .folded_sequence = 0,
                 .changes = {}};
  FoldMaker maker(session, fold);
  if (auto made = maker.make(documents_max); !made) return std::unexpected(made.error());
  return fold;
}

void log_replaced(Transaction& transaction, IndexState& state,
                  const std::vector<ReplacedKey>& replaced) {
  ++state.base_version;
  transaction.put(Family::document_log, log_key(state.number, state.base_version),
                  encode(replaced));
  if (state.base_version > kLogsKept)
    transaction.erase(Family::document_log, log_key(state.number, state.base_version - kLogsKept));
}

Status install_fold(Transaction& transaction, const IndexFold& fold) {
  auto state = make_index_state(transaction, fold.organization);
  if (!state) return std::unexpected(state.error());
  if (state->base_version != fold.made_from.base_version ||
      state->tree_version != fold.made_from.tree_version)
    return fail(Errc::stale, "fold of a document index");
  std::vector<ReplacedKey> replaced;
  for (const FoldChange& change : fold.changes) {
    if (change.value)
      transaction.put(change.family, change.key, *change.value);
    else
      transaction.erase(change.family, change.key);
    replaced.push_back({part_of(change.family), change.key});
  }
  for (std::uint64_t i = state->folded_sequence + 1; i <= fold.folded_sequence; ++i)
    transaction.erase(Family::document_tail, tail_key(state->number, i));
  state->folded_sequence = fold.folded_sequence;
  if (tail_size(*state) < kTailStep)
    transaction.erase(Family::document_due, Key().text(fold.organization));
  log_replaced(transaction, *state, replaced);
  put_index_state(transaction, fold.organization, *state);
  return {};
}

}  // namespace mooring
