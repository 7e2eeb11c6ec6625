// Partner assets: a company's files, public or private (API 2).
//
// The record lies under the 128 random bits that are the asset's id and the stem of its key, so a
// read by key is one look-up. A second family lists what a company has, in the order of creation,
// and counts it in the same batch, so that a page tells its total without a walk. Each record that
// is not deleted holds one reference to its blob, owned by "partner/<id as a UUID>".
//
// Deleting is soft (API 2.2): the record stays and says so, for those who ask what became of it;
// reference and list entry go, so the bytes are collected and no page shows it.
//
//   I1 a record that is not deleted implies a reference to its blob and one entry of its company.
//   I2 a company's count is the number of its entries.
//
// Functions that take a Transaction run on the writer; those that take a View run anywhere. All may
// fail with io_error or corrupt besides what is said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/base/uuid.h"
#include "mooring/catalog/transaction.h"
#include "mooring/catalog/view.h"

namespace mooring {

/// The values are part of the format on disk.
enum class PartnerAssetType : std::uint8_t { photo = 1, document = 2, kml = 3 };

/// Who may read the bytes (rule G2).
enum class PartnerAccess : std::uint8_t {
  open = 1,     ///< anyone who knows the key
  secured = 2,  ///< the company
};

struct PartnerAssetRecord {
  Uuid id;  ///< 128 random bits, not a UUID of any version (rule B1)
  std::string company_id;
  std::int64_t created_ms = 0;
  std::int64_t modified_ms = 0;
  bool deleted = false;
  std::string name;
  std::string extension;  ///< of the key, without its dot; empty: the key has none
  PartnerAssetType type = PartnerAssetType::document;
  PartnerAccess access = PartnerAccess::secured;
  std::string filename;    ///< as uploaded, by rule X8; may be empty
  std::string media_type;  ///< what it is served as (rule B2)
  BlobId blob;             ///< of a deleted asset: what it was
  std::uint64_t size_bytes = 0;
  friend bool operator==(const PartnerAssetRecord&, const PartnerAssetRecord&) = default;
};

/// Some of a company's assets, in the order of their creation.
struct PartnerAssetPage {
  std::uint64_t total = 0;  ///< of the company, on all pages
  std::vector<PartnerAssetRecord> assets;
};

[[nodiscard]] std::string encode(const PartnerAssetRecord& record);
[[nodiscard]] Result<PartnerAssetRecord> decode_partner_asset(std::string_view bytes);

/// "partner/<id>": the owner of an asset's reference to its blob.
[[nodiscard]] std::string partner_asset_owner(const Uuid& id);

/// Deleted ones too.
[[nodiscard]] Result<std::optional<PartnerAssetRecord>> find_partner_asset(const View& view,
                                                                           const Uuid& id);

/// At most `limit` of the assets of `company_id` that are not deleted, after the first `start` of
/// them. Walks `start` entries: for workers.
[[nodiscard]] Result<PartnerAssetPage> list_partner_assets(const View& view,
                                                           std::string_view company_id,
                                                           std::uint64_t start, std::size_t limit);

/// Stores a new asset, which is not deleted. Fails with exists if the id is taken, with stale if
/// the blob is gone.
[[nodiscard]] Status create_partner_asset(Transaction& transaction,
                                          const PartnerAssetRecord& record);

/// Marks an asset as deleted and returns it as it is now. Fails with not_found if there is none or
/// it was deleted before.
[[nodiscard]] Result<PartnerAssetRecord> delete_partner_asset(Transaction& transaction,
                                                              const Uuid& id, std::int64_t now_ms);

}  // namespace mooring
