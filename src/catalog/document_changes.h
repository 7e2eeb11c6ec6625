// What documents and assets tell each other and the index, in the transaction of the change. Only
// for the sources of this wing: documents.cc and assets.cc call, the index listens.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "mooring/base/result.h"
#include "mooring/base/uuid.h"
#include "mooring/catalog/assets.h"
#include "mooring/catalog/documents.h"
#include "mooring/catalog/transaction.h"

namespace mooring {

/// Gives a new document its ordinal. Fails with overloaded if the tail is full.
[[nodiscard]] Status document_created(Transaction& transaction, DocumentRecord& record);
[[nodiscard]] Status document_changed(Transaction& transaction, const DocumentRecord& before,
                                      const DocumentRecord& after);
[[nodiscard]] Status document_removed(Transaction& transaction, const DocumentRecord& record);

struct UnlinkedDocuments {
  std::size_t links = 0;                ///< that went
  std::vector<DocumentRecord> removed;  ///< those that had no other
};

/// Takes the links of `asset` away. Fails with unprocessable above `limit` links.
[[nodiscard]] Result<UnlinkedDocuments> unlink_all_documents(Transaction& transaction,
                                                             const Uuid& asset, std::size_t limit,
                                                             std::int64_t now_ms);

/// `asset`, whose record says where it is now, was below `old_parent` until now.
[[nodiscard]] Status asset_moved(Transaction& transaction, const AssetRecord& asset,
                                 const std::optional<Uuid>& old_parent);
/// `assets`, a whole subtree with its root first, are going; all records are still there.
[[nodiscard]] Status assets_removed(Transaction& transaction,
                                    const std::vector<AssetRecord>& assets);

}  // namespace mooring
