// RecentContents: which stored contents were the last ones before the process ended.
//
// After an unclean stop they are looked at once more (api/scrub.h): a sync that failed, or a disk
// that lost power, harms what was written last. The catalogue's records decide, the walk over them
// goes page by page, so that no worker is kept: of each core the kSegmentBlobsMax blobs nearest to
// the end of its newest segments, and the kFilesMax files that were changed last. Both are more
// than a server has in flight at a time, and do not depend on how long it was stopped.
//
// One thread at a time. Blocking: on a worker.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/catalog/view.h"

namespace mooring {

class DataDirectory;

class RecentContents {
 public:
  static constexpr std::size_t kFilesMax = 256;
  static constexpr std::size_t kSegmentBlobsMax = 4096;

  explicit RecentContents(const DataDirectory& directory) noexcept : directory_(directory) {}

  /// The next page of records; true: it was the last one. Errors: io_error, corrupt.
  [[nodiscard]] Result<bool> look_at_page(const View& view);

  /// What was found, missing files among it.
  [[nodiscard]] std::vector<std::pair<BlobId, BlobRecord>> found() const;

 private:
  // Younger is greater: (segment number, offset) or (time of the last change, 0).
  using Aged = std::tuple<std::uint64_t, std::uint64_t, BlobId>;
  using Youngest = std::set<Aged>;

  void add(const BlobId& id, const BlobRecord& record);
  [[nodiscard]] std::uint64_t changed_ns(const BlobId& id) const;

  const DataDirectory& directory_;
  std::optional<BlobId> after_;
  std::map<std::uint16_t, Youngest> segment_blobs_;  // by core
  Youngest files_;
  std::map<BlobId, BlobRecord> records_;
};

}  // namespace mooring
