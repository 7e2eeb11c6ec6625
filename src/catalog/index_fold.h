// The fold: brings the changes of the tail into the base, many at a time.
//
// A document has some forty terms, and each of its containers is up to 8 KiB: rewriting them per
// document would write a hundred times what is stored. Folding a few thousand documents rewrites
// each touched container once. A fold is prepared beside the writer, from one moment of the
// catalogue, and installed by one mutation: the new base, the log of what was replaced, the tail
// without what was folded. If the base or the tree has changed in between, it is thrown away and
// made anew (stale).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "document_state.h"
#include "index_session.h"
#include "mooring/catalog/transaction.h"

namespace mooring {

struct FoldChange {
  Family family = Family::document_term;
  std::string key;
  std::optional<std::string> value;  ///< nothing: the key goes
};

struct IndexFold {
  std::string organization;
  IndexState made_from;
  std::uint64_t folded_sequence = 0;  ///< the last change that is folded
  std::vector<FoldChange> changes;
  std::shared_ptr<const ReplacedParts> replaced;  ///< the keys of `changes`, for the cache
  std::string log;                                ///< and as the log of the base has them
};

/// Folds up to `documents_max` changes. `session` shows the moment of `session.state()`.
[[nodiscard]] Result<IndexFold> prepare_fold(IndexSession& session, std::string organization,
                                             std::size_t documents_max);

/// On the writer. Fails with stale.
[[nodiscard]] Status install_fold(Transaction& transaction, const IndexFold& fold);

/// What changes the base, fold or move, ends so: a new version, and the log of what it replaced, a
/// sequence of ReplacedKey. Changes `state`, which the caller puts.
void log_replaced(Transaction& transaction, IndexState& state, std::string_view log);

}  // namespace mooring
