#include "mooring/app/live_blobs.h"

#include "mooring/catalog/blobs.h"

namespace mooring {

namespace {

constexpr std::size_t kPage = 4096;

}  // namespace

Result<bool> CatalogLiveBlobs::is_live_file(const BlobId& id) const {
  Result<std::optional<BlobRecord>> record = find_blob(view_, id);
  if (!record) return std::unexpected(record.error());
  return record->has_value() && (*record)->location.tier == Tier::file;
}

Status CatalogLiveBlobs::visit_segment_blobs(
    const std::function<void(const BlobId&, const BlobRecord&)>& visit) const {
  std::optional<BlobId> after;
  while (true) {
    const auto page = list_blobs(view_, kPage, after);
    if (!page) return std::unexpected(page.error());
    for (const auto& [id, record] : *page)
      if (record.location.tier == Tier::segment) visit(id, record);
    if (page->size() < kPage) return {};
    after = page->back().first;
  }
}

}  // namespace mooring
