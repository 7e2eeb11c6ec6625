// Asset JSON: one asset, or whole trees, in the key order of contract 1.3.
//
// Pure; any thread. A body is complete: {"data": …}.
#pragma once

#include <string>
#include <vector>

#include "mooring/base/json_writer.h"
#include "mooring/base/uuid.h"
#include "mooring/catalog/assets.h"

namespace mooring {

/// {"data":{"assetType":…,"id":…, … ,"address":…}}. manufacturerId, which the contract only reads,
/// stands behind organizationId [D].
[[nodiscard]] std::string asset_body(const AssetRecord& asset);

/// Writes the trees of an organization as nested nodes while they are walked, so that no more than
/// the text and the path to the present node is held. Add the assets in the order of a walk:
/// parents before their children, all below one asset before its next sibling.
class AssetTreeWriter {
 public:
  AssetTreeWriter();

  void add(const AssetRecord& asset);

  /// {"data":[{…,"children":[…]},…]}. Nothing may be added afterwards.
  [[nodiscard]] std::string take();

 private:
  void close_last();

  JsonWriter out_;
  std::vector<Uuid> open_;  ///< the nodes whose children are being written, from the root
};

}  // namespace mooring
