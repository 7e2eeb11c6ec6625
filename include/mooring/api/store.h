// Storing what was received: content gets its name and its place, then the catalogue its records.
//
// The second half of an upload's life. Order of a durable commit (the contract, DESIGN 5):
//   1  the guard of the content's hash is taken (blob/guard.h)
//   2  the catalogue names the blobs that have this hash; equal sizes are compared byte by byte
//   3a equal content exists: it is shared
//   3b else: small content is appended to the core's segment, large content published as a file of
//   its
//      own, under the next ordinal; completed means: on stable storage
//   4  the family's mutation commits blob, reference and record in one synced batch
//   5  the guard is released; only then the 2xx is sent
// A mutation that is refused (409, 404 at commit) leaves nothing: new content is taken away again
// under the same guard.
#pragma once

#include "mooring/api/services.h"
#include "mooring/api/upload.h"
#include "mooring/base/blob_id.h"
#include "mooring/catalog/writer.h"

namespace mooring {

/// What the family's records will say about the content.
struct StoredContent {
  BlobId id;
  BlobRecord record;
  enum class Origin : std::uint8_t { shared, added } origin = Origin::shared;
};

/// A mutation that also records content: `apply_records` runs on the writer's thread after the blob
/// was put (if it is new), adds the reference and writes the family's records.
class StoreMutation {
 public:
  virtual ~StoreMutation() = default;
  [[nodiscard]] virtual Status apply_records(Transaction& transaction,
                                             const StoredContent& content) = 0;
};

/// Runs steps 1 to 5 for `file` and drops it. A completed call means: everything is on stable
/// storage (or, with relaxed durability, in the page cache). Errors: those of the mutation;
/// no_space, io_error, sync_failed.
[[nodiscard]] Task<Status> store_file(CoreServices& services, ReceivedFile& file,
                                      StoreMutation& mutation);

/// Takes away content that nothing refers to any more: called by families after a commit that
/// dropped references. Runs detached; what it does not finish before a stop, start-up finishes.
void collect_later(CoreServices& services);

}  // namespace mooring
