// Assets as the contract shows them: key order, null, nesting.
#include "mooring/api/assets/asset_json.h"

#include <gtest/gtest.h>

#include "mooring/base/json_reader.h"

namespace mooring {
namespace {

Uuid id_of(std::uint8_t number) {
  Uuid id;
  id.bytes.back() = number;
  return id;
}

AssetRecord asset_of(std::uint8_t number, std::string name, std::optional<Uuid> parent = {}) {
  AssetRecord asset;
  asset.id = id_of(number);
  asset.name = std::move(name);
  asset.parent_id = parent;
  return asset;
}

TEST(AssetJson, AFullAssetInTheOrderOfTheContract) {
  AssetRecord asset = asset_of(1, "Kran \"7\"", id_of(2));
  asset.type = AssetType::production_line;
  asset.organization_id = "org-1";
  asset.manufacturer_id = "org-2";
  asset.description = "d";
  asset.created_ms = 1'736'933'400'000;
  asset.created_by = "user-1";
  asset.updated_ms = 1'740'657'600'007;
  asset.updated_by = "user-2";
  asset.active = true;
  asset.draft = false;
  asset.custom = true;
  asset.position = 4'294'967'295;
  asset.custom_attributes = R"({"a":1.50})";
  asset.address = R"({"city":"Kiel"})";
  EXPECT_EQ(
      asset_body(asset),
      R"({"data":{"assetType":"production-line","id":"00000000-0000-0000-0000-000000000001",)"
      R"("name":"Kran \"7\"","organizationId":"org-1","manufacturerId":"org-2","description":"d",)"
      R"("createdAt":"2025-01-15T09:30:00.000Z","createdBy":"user-1",)"
      R"("updatedAt":"2025-02-27T12:00:00.007Z","updatedBy":"user-2","active":true,"draft":false,)"
      R"("custom":true,"parentId":"00000000-0000-0000-0000-000000000002","position":4294967295,)"
      R"("customAttributes":{"a":1.50},"address":{"city":"Kiel"}}})");
}

TEST(AssetJson, WhatIsNotThereIsNull) {
  const std::string body = asset_body(asset_of(1, "n"));
  EXPECT_NE(body.find(R"("manufacturerId":null,"description":null,)"), body.npos) << body;
  EXPECT_NE(body.find(R"("parentId":null,"position":0,"customAttributes":{},"address":null}})"),
            body.npos)
      << body;
}

/// "name(child(…),…)": the names of nodes, nested.
std::string names(const JsonValue& nodes) {
  std::string text;
  for (const JsonValue& node : nodes.items()) {
    if (!text.empty()) text += ",";
    text += *node.find_string("name");
    const std::string below = names(*node.find("children"));
    if (!below.empty()) text += "(" + below + ")";
  }
  return text;
}

std::string tree_of(const std::vector<AssetRecord>& walked) {
  AssetTreeWriter tree;
  for (const AssetRecord& asset : walked) tree.add(asset);
  const auto parsed = parse_json(tree.take());
  EXPECT_TRUE(parsed);
  return names(*parsed->find("data"));
}

TEST(AssetJson, NoAssetsAreAnEmptyTree) {
  EXPECT_EQ(AssetTreeWriter().take(), R"({"data":[]})");
}

TEST(AssetJson, ALeafHasAnEmptyListOfChildren) {
  AssetTreeWriter tree;
  tree.add(asset_of(1, "n"));
  EXPECT_TRUE(tree.take().ends_with(R"("address":null,"children":[]}]})"));
}

TEST(AssetJson, NodesLieBelowTheirParents) {
  EXPECT_EQ(tree_of({asset_of(1, "a"), asset_of(2, "b", id_of(1)), asset_of(3, "c", id_of(2)),
                     asset_of(4, "d", id_of(2)), asset_of(5, "e", id_of(1)), asset_of(6, "f"),
                     asset_of(7, "g", id_of(6))}),
            "a(b(c,d),e),f(g)");
}

TEST(AssetJson, ADeepTreeIsWrittenToItsEnd) {
  AssetTreeWriter tree;
  for (std::uint32_t depth = 0; depth < 5'000; ++depth) {
    AssetRecord asset = asset_of(0, "n");
    asset.id.bytes[0] = static_cast<std::uint8_t>(depth >> 8);
    asset.id.bytes[1] = static_cast<std::uint8_t>(depth);
    if (depth > 0) {
      asset.parent_id = Uuid{};
      asset.parent_id->bytes[0] = static_cast<std::uint8_t>((depth - 1) >> 8);
      asset.parent_id->bytes[1] = static_cast<std::uint8_t>(depth - 1);
    }
    tree.add(asset);
  }
  const std::string text = tree.take();
  std::string end = R"("children":[)";
  for (int depth = 0; depth < 5'000; ++depth) end += "]}";
  EXPECT_TRUE(text.ends_with(end + "]}"));
}

}  // namespace
}  // namespace mooring
