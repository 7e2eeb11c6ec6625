#include "index_fold.h"

#include <algorithm>
#include <map>
#include <utility>

#include "index_order_edit.h"
#include "index_term_edit.h"
#include "mooring/base/case_fold.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

/// A document as the base has it, or will have it.
struct Side {
  explicit Side(IndexedDocument indexed)
      : document(std::move(indexed)),
        folded(fold_case(document.name)),
        spelling(spelling_of(document.name, folded)) {}

  IndexedDocument document;
  std::string folded;
  std::string spelling;

  [[nodiscard]] ColumnRow row() const {
    ColumnRow row{.id = document.id,
                  .updated_ms = document.updated_ms,
                  .folded = folded,
                  .spelling = spelling,
                  .category = std::nullopt};
    if (document.category) row.category = *document.category;
    return row;
  }
  [[nodiscard]] TermEdit::Named named() const { return {document, folded}; }
};

/// What becomes of one ordinal.
struct Folded {
  std::optional<Side> before;
  std::optional<Side> after;
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
      if (is_new && entry->before) known->second.before.emplace(*std::move(entry->before));
      known->second.after.reset();
      if (entry->after) known->second.after.emplace(*std::move(entry->after));
    }
    return {};
  }

  Status fold_terms() {
    const auto named = [](const std::optional<Side>& side) {
      return side ? std::optional(side->named()) : std::nullopt;
    };
    TermEdit edit(session_);
    for (const auto& [ordinal, document] : documents_)
      if (auto changed = edit.change(ordinal, named(document.before), named(document.after));
          !changed)
        return changed;
    return edit.finish(fold_.changes);
  }

  void fold_columns() {
    for (auto from = documents_.begin(); from != documents_.end();) {
      const std::uint32_t number_of_page = page_of(from->first);
      const auto page = session_.page(number_of_page);
      PageRows rows = page->rows();
      for (; from != documents_.end() && page_of(from->first) == number_of_page; ++from)
        rows[slot_of(from->first)] = row_of(from->second.after);
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
        const auto before = row_of(document.before);
        const auto after = row_of(document.after);
        if (before && after && before->id == after->id && order.compare_keys(*before, *after) == 0)
          continue;
        if (before) edit.remove(*before);
        if (after) edit.insert(ordinal, *after);
      }
      edit.finish(fold_.changes);
    }
  }

  static std::optional<ColumnRow> row_of(const std::optional<Side>& side) {
    return side ? std::optional(side->row()) : std::nullopt;
  }

  IndexSession& session_;
  IndexFold& fold_;
  std::map<std::uint32_t, Folded> documents_;  // by ordinal
};

}  // namespace

Result<IndexFold> prepare_fold(IndexSession& session, std::string organization,
                               std::size_t documents_max) {
  IndexFold fold{.organization = std::move(organization),
                 .made_from = session.state(),
                 .folded_sequence = 0,
                 .changes = {},
                 .replaced = {},
                 .log = {}};
  FoldMaker maker(session, fold);
  if (auto made = maker.make(documents_max); !made) return std::unexpected(made.error());
  std::vector<ReplacedKey> replaced;
  for (const FoldChange& change : fold.changes)
    replaced.push_back({part_of(change.family), change.key});
  fold.replaced = replaced_parts(replaced);
  fold.log = encode(replaced);
  return fold;
}

void log_replaced(Transaction& transaction, IndexState& state, std::string_view log) {
  ++state.base_version;
  transaction.put(Family::document_log, log_key(state.number, state.base_version), log);
  if (state.base_version > kLogsKept)
    transaction.erase(Family::document_log, log_key(state.number, state.base_version - kLogsKept));
}

Status install_fold(Transaction& transaction, const IndexFold& fold) {
  auto state = make_index_state(transaction, fold.organization);
  if (!state) return std::unexpected(state.error());
  if (state->base_version != fold.made_from.base_version ||
      state->tree_version != fold.made_from.tree_version)
    return fail(Errc::stale, "fold of a document index");
  for (const FoldChange& change : fold.changes) {
    if (change.value)
      transaction.put(change.family, change.key, *change.value);
    else
      transaction.erase(change.family, change.key);
  }
  for (std::uint64_t i = state->folded_sequence + 1; i <= fold.folded_sequence; ++i)
    transaction.erase(Family::document_tail, tail_key(state->number, i));
  state->folded_sequence = fold.folded_sequence;
  if (tail_size(*state) < kTailStep)
    transaction.erase(Family::document_due, Key().text(fold.organization));
  log_replaced(transaction, *state, fold.log);
  put_index_state(transaction, fold.organization, *state);
  return {};
}

}  // namespace mooring
