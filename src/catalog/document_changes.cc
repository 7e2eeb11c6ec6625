#include "document_changes.h"

#include "document_state.h"

namespace mooring {

Status document_created(Transaction& transaction, DocumentRecord& record) {
  auto state = make_index_state(transaction, record.organization_id);
  if (!state) return std::unexpected(state.error());
  const auto ordinal = take_ordinal(transaction, *state);
  if (!ordinal) return std::unexpected(ordinal.error());
  record.ordinal = *ordinal;
  put_index_state(transaction, record.organization_id, *state);
  return {};
}

Status document_changed(Transaction&, const DocumentRecord&, const DocumentRecord&) {
  return {};
}

Status document_removed(Transaction& transaction, const DocumentRecord& record) {
  auto state = make_index_state(transaction, record.organization_id);
  if (!state) return std::unexpected(state.error());
  free_ordinal(transaction, *state, record.ordinal);
  put_index_state(transaction, record.organization_id, *state);
  return {};
}

}  // namespace mooring
