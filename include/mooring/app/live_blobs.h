// What recovery asks about blobs, answered from the catalogue.
#pragma once

#include "mooring/blob/recovery.h"
#include "mooring/catalog/view.h"

namespace mooring {

class CatalogLiveBlobs final : public LiveBlobs {
 public:
  /// `view` outlives this object; any thread if the view allows it (the database does).
  explicit CatalogLiveBlobs(const View& view) noexcept : view_(view) {}

  [[nodiscard]] Result<bool> is_live_file(const BlobId& id) const override;
  [[nodiscard]] Status visit_segment_blobs(
      const std::function<void(const BlobId&, const BlobRecord&)>& visit) const override;

 private:
  const View& view_;
};

}  // namespace mooring
