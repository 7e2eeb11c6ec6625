// Documents tell the index: every change becomes one entry of the tail (index_tail.h). The moves of
// assets are in index_moves.cc.
#include "document_changes.h"

#include "document_state.h"
#include "index_terms.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

Status append(Transaction& transaction, std::string_view organization, IndexState& state,
              const TailEntry& entry) {
  if (tail_size(state) >= transaction.document_tail_max())
    return fail(Errc::overloaded, "tail of the document index");
  transaction.put(Family::document_tail, tail_key(state.number, state.next_sequence),
                  encode(entry));
  ++state.next_sequence;
  if (tail_size(state) % kTailStep == 0)
    transaction.put(Family::document_due, Key().text(organization), "");
  put_index_state(transaction, organization, state);
  return {};
}

}  // namespace

Status document_created(Transaction& transaction, DocumentRecord& record) {
  auto state = make_index_state(transaction, record.organization_id);
  if (!state) return std::unexpected(state.error());
  const auto ordinal = take_ordinal(transaction, *state);
  if (!ordinal) return std::unexpected(ordinal.error());
  record.ordinal = *ordinal;
  return append(transaction, record.organization_id, *state,
                {.ordinal = *ordinal, .before = std::nullopt, .after = indexed(record)});
}

Status document_changed(Transaction& transaction, const DocumentRecord& before,
                        const DocumentRecord& after) {
  TailEntry entry{.ordinal = after.ordinal, .before = indexed(before), .after = indexed(after)};
  if (entry.before == entry.after) return {};
  auto state = make_index_state(transaction, after.organization_id);
  if (!state) return std::unexpected(state.error());
  return append(transaction, after.organization_id, *state, entry);
}

Status document_removed(Transaction& transaction, const DocumentRecord& record) {
  auto state = make_index_state(transaction, record.organization_id);
  if (!state) return std::unexpected(state.error());
  free_ordinal(transaction, *state, record.ordinal);
  return append(transaction, record.organization_id, *state,
                {.ordinal = record.ordinal, .before = indexed(record), .after = std::nullopt});
}

}  // namespace mooring
