// Renditions in the catalogue: which blob is the smaller picture of which.
//
// A rendition belongs to its original blob, not to an asset: two assets that share content share
// its renditions, and they go with it. Making them is api/renditions.h; here they are keys:
//
//   original's blob key 18 | width 2 | height 2 | format 2   ->  the rendition's blob
//
// and a reference of the rendition's blob, "rendition/<original>/<width>x<height>-<format>".
//
//   I1 a rendition record implies a record of its original.
//   I2 when the original's record goes (forget_blob), its renditions are dropped in the same
//      mutation: the caller of the one calls drop_renditions too.
//   I3 no ring of references: a picture that is its own rendition, directly or through renditions
//      of renditions, would keep itself alive. Such a record has no reference, and is good as long
//      as something else keeps its blob: find_rendition looks whether the blob is there.
//
// All may fail with io_error or corrupt besides what is said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/catalog/transaction.h"
#include "mooring/catalog/view.h"

namespace mooring {

/// The specification's numbers are the business of api/renditions.h.
struct RenditionKey {
  BlobId original;
  std::uint16_t width_max = 0;
  std::uint16_t height_max = 0;
  std::uint16_t format = 0;
  friend bool operator==(const RenditionKey&, const RenditionKey&) = default;
};

/// Whether a reference was written for it (I3).
enum class RenditionHold : std::uint8_t { reference = 0, none = 1 };

struct RenditionRecord {
  BlobId blob;
  RenditionHold hold = RenditionHold::reference;
  friend bool operator==(const RenditionRecord&, const RenditionRecord&) = default;
};

[[nodiscard]] std::string encode(const RenditionRecord& record);
[[nodiscard]] Result<RenditionRecord> decode_rendition(std::string_view bytes);

[[nodiscard]] std::string rendition_key(const RenditionKey& key);
[[nodiscard]] Result<RenditionKey> decode_rendition_key(std::string_view bytes);

/// The owner that stands in the rendition's reference.
[[nodiscard]] std::string rendition_owner(const RenditionKey& key);
/// What rendition_owner made; nothing for any other text.
[[nodiscard]] std::optional<RenditionKey> parse_rendition_owner(std::string_view owner);

/// The blob of the rendition, if it was made and is still there.
[[nodiscard]] Result<std::optional<BlobId>> find_rendition(const View& view,
                                                           const RenditionKey& key);

/// Records `blob` (which has a record) as the rendition, in place of an older one. Fails with
/// not_found if the original is gone, with stale if `blob` is.
[[nodiscard]] Status put_rendition(Transaction& transaction, const RenditionKey& key,
                                   const BlobId& blob, std::int64_t now_ms);

/// Drops every rendition of `original`: records and references. How many there were.
[[nodiscard]] Result<std::size_t> drop_renditions(Transaction& transaction, const BlobId& original,
                                                  std::int64_t now_ms);

}  // namespace mooring
