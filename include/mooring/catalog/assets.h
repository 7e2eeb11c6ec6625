// Assets: the tree that pictures and documents belong to (API 1.3).
//
// An asset belongs to one organization and has at most one parent, of the same organization.
// Siblings have an order. Who may do what is decided by the API; here stand the rules that must
// hold at the moment of the commit, whatever was checked before.
//
//   I1 a parent exists and belongs to its child's organization.
//   I2 there is no cycle: no asset is its own ancestor.
//   I3 for every asset there is exactly one child key, under its parent and position (roots: under
//   the
//      zero identifier and their organization).
//
// Functions that take a Transaction run on the writer; those that take a View run anywhere. All may
// fail with io_error or corrupt besides what is said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/result.h"
#include "mooring/base/uuid.h"
#include "mooring/catalog/documents.h"
#include "mooring/catalog/pictures.h"
#include "mooring/catalog/transaction.h"
#include "mooring/catalog/view.h"

namespace mooring {

enum class AssetType : std::uint8_t {
  location = 1,
  production_line = 2,
  process_cell = 3,
  machine = 4,
  component = 5,
};

/// "production-line": the word of the contract. Static storage.
[[nodiscard]] std::string_view name_of(AssetType type) noexcept;
[[nodiscard]] std::optional<AssetType> parse_asset_type(std::string_view name) noexcept;

struct AssetRecord {
  AssetType type = AssetType::machine;
  Uuid id;
  std::string name;
  std::string organization_id;
  std::optional<std::string> manufacturer_id;
  std::optional<std::string> description;
  std::int64_t created_ms = 0;
  std::string created_by;
  std::int64_t updated_ms = 0;
  std::string updated_by;
  bool active = false;
  bool draft = true;
  bool custom = false;
  std::optional<Uuid> parent_id;         ///< none: a root of its organization
  std::uint32_t position = 0;            ///< ascending among siblings; gaps are allowed
  std::string custom_attributes = "{}";  ///< JSON text
  std::optional<std::string> address;    ///< JSON text
  friend bool operator==(const AssetRecord&, const AssetRecord&) = default;
};

/// Who changed something, and when.
struct ChangeStamp {
  std::int64_t now_ms = 0;
  std::string by;
};

/// Fields to change; an absent field stays. An outer optional says "change", the inner one "to
/// null".
struct AssetPatch {
  std::optional<AssetType> type;
  std::optional<std::string> name;
  std::optional<std::optional<std::string>> manufacturer_id;
  std::optional<std::optional<std::string>> description;
  std::optional<bool> active;
  std::optional<bool> draft;
  std::optional<bool> custom;
  std::optional<std::optional<Uuid>> parent_id;
  std::optional<std::string> custom_attributes;
  std::optional<std::optional<std::string>> address;
};

/// What a removal took away. All references to blobs are dropped already.
struct RemovedAssets {
  std::vector<AssetRecord> assets;  ///< parents before their children
  std::vector<PictureRecord> pictures;
  std::vector<DocumentRecord> documents;  ///< those that had no link besides
};

enum class RemovalDepth : std::uint8_t {
  only_leaf,  ///< children are a conflict
  subtree,    ///< children go too
};

/// Bounds of one mutation, so that no single request holds the writer up for long.
inline constexpr std::size_t kSubtreeAssetsMax = 10'000;
inline constexpr std::size_t kAssetDepthMax = 1'000;

[[nodiscard]] std::string encode(const AssetRecord& record);
[[nodiscard]] Result<AssetRecord> decode_asset(std::string_view bytes);

[[nodiscard]] Result<std::optional<AssetRecord>> find_asset(const View& view, const Uuid& id);

/// As find_asset; an unknown asset is not_found.
[[nodiscard]] Result<AssetRecord> get_asset(const View& view, const Uuid& id);

/// Stores a new asset after its last sibling and returns it with its position. Fails with exists if
/// the id is taken, with invalid if the parent does not exist or belongs to another organization.
[[nodiscard]] Result<AssetRecord> create_asset(Transaction& transaction, AssetRecord record);

/// Applies `patch` and returns the asset as it is now. A new parent puts it after its last sibling
/// there. Fails with not_found; with invalid if the new parent does not exist or belongs to another
/// organization; with conflict if it is the asset itself or one of its descendants; with
/// unprocessable if it lies deeper than kAssetDepthMax.
[[nodiscard]] Result<AssetRecord> update_asset(Transaction& transaction, const Uuid& id,
                                               const AssetPatch& patch, const ChangeStamp& stamp);

/// Gives the children of `parent` the order of `sorted`, positions from 0. Fails with not_found if
/// the parent does not exist, with invalid unless `sorted` names every child exactly once.
[[nodiscard]] Status sort_children(Transaction& transaction, const Uuid& parent,
                                   const std::vector<Uuid>& sorted, const ChangeStamp& stamp);

/// Makes an asset and all below it active and no longer draft. Returns the asset. Fails with
/// not_found, with unprocessable above kSubtreeAssetsMax.
[[nodiscard]] Result<AssetRecord> activate_subtree(Transaction& transaction, const Uuid& id,
                                                   const ChangeStamp& stamp);

/// Removes an asset, with its picture and its links to documents; a document whose last link goes
/// is removed too. Fails with not_found; with conflict if it has children and `depth` is only_leaf;
/// with unprocessable above kSubtreeAssetsMax or kSubtreeDocumentsMax links.
[[nodiscard]] Result<RemovedAssets> remove_asset(Transaction& transaction, const Uuid& id,
                                                 RemovalDepth depth, std::int64_t now_ms);

/// Up to `limit` children of `parent`, in their order.
[[nodiscard]] Result<std::vector<Uuid>> list_children(const View& view, const Uuid& parent,
                                                      std::size_t limit);

/// Up to `limit` roots of an organization, in their order.
[[nodiscard]] Result<std::vector<Uuid>> list_roots(const View& view, std::string_view organization,
                                                   std::size_t limit);

/// The asset and all below it, parents before children, siblings in their order. Fails with
/// not_found, with unprocessable if there are more than `limit`.
[[nodiscard]] Result<std::vector<AssetRecord>> walk_subtree(const View& view, const Uuid& id,
                                                            std::size_t limit);

/// Every tree of an organization in the order of walk_subtree, roots one after the other. Fails
/// with unprocessable if there are more than `limit` assets.
[[nodiscard]] Result<std::vector<AssetRecord>> walk_organization(const View& view,
                                                                 std::string_view organization,
                                                                 std::size_t limit);

}  // namespace mooring
