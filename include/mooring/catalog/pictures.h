// Pictures: at most one per asset (API 1.1 and 1.3).
//
// The record lies under the asset's identifier, so "one picture per asset" needs no index, and the
// writer's order decides between two racing uploads: the second sees the first one's record and is
// told conflict (rule P3). Each record holds one reference to its blob, owned by "picture/<asset
// id>".
//
//   I1 a picture implies its asset, and a reference to its blob.
//
// Functions that take a Transaction run on the writer; those that take a View run anywhere. All may
// fail with io_error or corrupt besides what is said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/base/uuid.h"
#include "mooring/catalog/transaction.h"
#include "mooring/catalog/view.h"

namespace mooring {

struct PictureRecord {
  Uuid id;
  std::string filename;
  std::string owner_id;
  std::string mimetype;
  std::int64_t updated_ms = 0;
  std::string updated_by;
  std::int64_t created_ms = 0;
  std::string created_by;
  std::string organization_id;
  std::optional<std::string> manufacturer_id;
  Uuid asset_id;
  BlobId blob;
  std::uint64_t size_bytes = 0;
  friend bool operator==(const PictureRecord&, const PictureRecord&) = default;
};

[[nodiscard]] std::string encode(const PictureRecord& record);
[[nodiscard]] Result<PictureRecord> decode_picture(std::string_view bytes);

/// "picture/<asset id>": the owner of a picture's reference to its blob.
[[nodiscard]] std::string picture_owner(const Uuid& asset_id);

[[nodiscard]] Result<std::optional<PictureRecord>> find_picture(const View& view,
                                                                const Uuid& asset_id);

/// Stores the picture of an asset that has none. Fails with not_found if the asset is gone or
/// belongs to another organization (P11, P12 at commit), with conflict if it has a picture (P2,
/// P3), with stale if the blob is gone.
[[nodiscard]] Status create_picture(Transaction& transaction, const PictureRecord& record);

/// PATCH: takes the place of the asset's picture, whose id, owner and creation are kept, or is
/// created as it stands if there is none. The reference to content that is no longer used is
/// dropped. Returns the picture as it is now. Fails as create_picture, without the conflict.
[[nodiscard]] Result<PictureRecord> replace_picture(Transaction& transaction,
                                                    const PictureRecord& record);

/// Takes the picture away, with its reference. No picture is silently well (API 1.3): nothing is
/// returned then. Whether the asset exists is the caller's question.
[[nodiscard]] Result<std::optional<PictureRecord>> remove_picture(Transaction& transaction,
                                                                  const Uuid& asset_id,
                                                                  std::int64_t now_ms);

}  // namespace mooring
