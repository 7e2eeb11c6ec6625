// What a client may say about an asset: keys, types, limits, null and absence.
#include "mooring/api/assets/asset_body.h"

#include <gtest/gtest.h>

#include <string>

namespace mooring {
namespace {

constexpr std::string_view kId = "833cb09d-6c34-4590-be5f-a62fab9f41a2";

JsonValue json(const std::string& text) {
  Result<JsonValue> value = parse_json(text);
  EXPECT_TRUE(value.has_value()) << text;
  return value.value_or(JsonValue());
}

/// A body of the two required keys and `more`, such as R"("active":true)".
std::string body_with(const std::string& more) {
  return R"({"assetType":"machine","name":"m",)" + more + "}";
}

/// The field that is refused, "(accepted)" if none is.
template <typename T>
std::string refused(const Checked<T>& checked) {
  return checked ? "(accepted)" : std::string(checked.error().name);
}

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

TEST(AssetBody, ACreationNeedsATypeAndANameAndHasDefaultsForTheRest) {
  const auto asset = parse_asset_create(json(R"({"assetType":"process-cell","name":"Halle 3"})"));
  ASSERT_TRUE(asset);
  AssetRecord expected;
  expected.type = AssetType::process_cell;
  expected.name = "Halle 3";
  EXPECT_EQ(*asset, expected);
  EXPECT_EQ(asset->custom_attributes, "{}");
  EXPECT_TRUE(asset->draft);
  EXPECT_FALSE(asset->active);
}

TEST(AssetBody, ACreationTakesEveryKeyThatIsTheClients) {
  const auto asset = parse_asset_create(json(
      R"({"assetType":"component","name":"n","organizationId":"org-1","manufacturerId":"org-2",
          "description":"d","active":true,"draft":false,"custom":true,
          "parentId":"833CB09D-6C34-4590-BE5F-A62FAB9F41A2",
          "customAttributes":{"a":[1,1.50,1e3,-0,true,null,"\u00e4\"\n"],"b":{"c":{}}},
          "address":{"city":"Kiel"}})"));
  ASSERT_TRUE(asset);
  EXPECT_EQ(asset->organization_id, "org-1");
  EXPECT_EQ(asset->manufacturer_id, "org-2");
  EXPECT_EQ(asset->description, "d");
  EXPECT_TRUE(asset->active);
  EXPECT_FALSE(asset->draft);
  EXPECT_TRUE(asset->custom);
  EXPECT_EQ(asset->parent_id, parse_uuid(kId));
  EXPECT_EQ(asset->custom_attributes,
            "{\"a\":[1,1.50,1e3,-0,true,null,\"\xC3\xA4\\\"\\n\"],\"b\":{\"c\":{}}}");
  EXPECT_EQ(asset->address, R"({"city":"Kiel"})");
}

TEST(AssetBody, NullIsNoneWhereThereMayBeNone) {
  const auto asset = parse_asset_create(
      json(body_with(R"("organizationId":null,"manufacturerId":null,"description":null,)"
                     R"("parentId":null,"address":null)")));
  ASSERT_TRUE(asset);
  EXPECT_EQ(asset->organization_id, "");
  EXPECT_EQ(asset->manufacturer_id, std::nullopt);
  EXPECT_EQ(asset->description, std::nullopt);
  EXPECT_EQ(asset->parent_id, std::nullopt);
  EXPECT_EQ(asset->address, std::nullopt);
}

TEST(AssetBody, UnknownKeysAndThoseOfTheServerAreIgnored) {
  const auto asset = parse_asset_create(
      json(body_with(R"("id":5,"createdAt":"x","createdBy":1,"position":"no","wheels":[4])")));
  ASSERT_TRUE(asset);
  EXPECT_EQ(asset->id, Uuid{});
  EXPECT_EQ(asset->created_by, "");
  EXPECT_EQ(asset->position, 0u);
}

TEST(AssetBody, ACreationWithoutTypeOrNameIsRefused) {
  EXPECT_EQ(refused(parse_asset_create(json("{}"))), "assetType");
  EXPECT_EQ(refused(parse_asset_create(json(R"({"name":"n"})"))), "assetType");
  EXPECT_EQ(refused(parse_asset_create(json(R"({"assetType":"machine"})"))), "name");
}

TEST(AssetBody, ABodyThatIsNoObjectIsRefusedAsAWhole) {
  for (const char* text : {"[]", "5", "\"text\"", "null", "true"}) {
    EXPECT_EQ(refused(parse_asset_create(json(text))), "") << text;
    EXPECT_EQ(refused(parse_asset_patch(json(text))), "") << text;
    EXPECT_EQ(refused(parse_sorted_children(json(text))), "") << text;
  }
}

struct BadCase {
  const char* field;
  const char* value;
};

TEST(AssetBody, EveryKeyHasExactlyItsType) {
  constexpr BadCase kBad[] = {
      {"assetType", "\"crane\""},
      {"assetType", "\"Machine\""},
      {"assetType", "null"},
      {"assetType", "4"},
      {"name", "\"\""},
      {"name", "null"},
      {"name", "5"},
      {"name", "\"a\\u0000b\""},
      {"manufacturerId", "5"},
      {"manufacturerId", "\"\""},
      {"manufacturerId", "\"a\\nb\""},
      {"description", "5"},
      {"description", "\"\\u0000\""},
      {"active", "\"yes\""},
      {"active", "1"},
      {"active", "null"},
      {"draft", "0"},
      {"draft", "null"},
      {"custom", "\"true\""},
      {"parentId", "5"},
      {"parentId", "\"nonsense\""},
      {"parentId", "\"\""},
      {"customAttributes", "[]"},
      {"customAttributes", "null"},
      {"customAttributes", "\"{}\""},
      {"address", "\"Kiel\""},
      {"address", "[]"},
  };
  for (const auto& [field, value] : kBad) {
    const std::string text = std::string("{\"") + field + "\":" + value + "}";
    EXPECT_EQ(refused(parse_asset_patch(json(text))), field) << text;
    EXPECT_EQ(refused(parse_asset_create(json(text))), field) << text;
  }
  EXPECT_EQ(refused(parse_asset_create(json(body_with(R"("organizationId":5)")))),
            "organizationId");
  EXPECT_EQ(refused(parse_asset_create(json(body_with(R"("organizationId":"")")))),
            "organizationId");
}

TEST(AssetBody, LengthsAreCountedInCodePoints) {
  const std::string four_bytes = "\xF0\x9F\x98\x80";
  const auto patch_with = [](const std::string& key, const std::string& value) {
    return refused(parse_asset_patch(json("{\"" + key + "\":\"" + value + "\"}")));
  };
  EXPECT_EQ(patch_with("name", repeated(four_bytes, 255)), "(accepted)");
  EXPECT_EQ(patch_with("name", repeated("x", 256)), "name");
  EXPECT_EQ(patch_with("manufacturerId", repeated("x", 255)), "(accepted)");
  EXPECT_EQ(patch_with("manufacturerId", repeated("x", 256)), "manufacturerId");
  EXPECT_EQ(patch_with("description", ""), "(accepted)");
  EXPECT_EQ(patch_with("description", repeated("\xC3\xA4", kDescriptionMax)), "(accepted)");
  EXPECT_EQ(patch_with("description", repeated("x", kDescriptionMax + 1)), "description");
}

TEST(AssetBody, ObjectsAreLimitedByTheirCompactText) {
  const std::string frame = R"({"a":""})";
  const auto body_of = [&](std::size_t bytes) {
    return json(R"({ "address" : { "a" : ")" + repeated("x", bytes - frame.size()) + "\" } }");
  };
  const auto largest = parse_asset_patch(body_of(kJsonFieldBytesMax));
  ASSERT_TRUE(largest);
  EXPECT_EQ(largest->address.value().value().size(), kJsonFieldBytesMax);
  EXPECT_EQ(refused(parse_asset_patch(body_of(kJsonFieldBytesMax + 1))), "address");
}

TEST(AssetBody, APatchTellsNullFromAbsence) {
  const auto nothing = parse_asset_patch(json("{}"));
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(nothing->parent_id.has_value());
  EXPECT_FALSE(nothing->description.has_value());

  const auto cleared = parse_asset_patch(
      json(R"({"parentId":null,"description":null,"manufacturerId":null,"address":null})"));
  ASSERT_TRUE(cleared);
  ASSERT_TRUE(cleared->parent_id.has_value());
  EXPECT_EQ(*cleared->parent_id, std::nullopt);
  ASSERT_TRUE(cleared->description.has_value());
  EXPECT_EQ(*cleared->description, std::nullopt);
  ASSERT_TRUE(cleared->manufacturer_id.has_value());
  ASSERT_TRUE(cleared->address.has_value());

  const auto moved = parse_asset_patch(json(R"({"parentId":")" + std::string(kId) + "\"}"));
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->parent_id.value(), parse_uuid(kId));
}

TEST(AssetBody, APatchDoesNotMoveAnAssetToAnotherOrganization) {
  const auto patch = parse_asset_patch(json(R"({"organizationId":5})"));
  ASSERT_TRUE(patch);
  EXPECT_FALSE(changes_anything(*patch, AssetRecord{}));
}

TEST(AssetBody, APatchChangesSomethingOnlyIfAValueDiffers) {
  AssetRecord asset;
  asset.name = "n";
  asset.description = "d";
  asset.custom_attributes = R"({"a":1})";
  const auto changes = [&](const std::string& text) {
    return changes_anything(parse_asset_patch(json(text)).value(), asset);
  };
  EXPECT_FALSE(changes("{}"));
  EXPECT_FALSE(changes(
      R"({"assetType":"machine","name":"n","description":"d","active":false,"draft":true,
          "custom":false,"parentId":null,"manufacturerId":null,"customAttributes":{ "a" : 1 },
          "address":null})"));
  for (const char* text :
       {R"({"assetType":"location"})", R"({"name":"m"})", R"({"description":null})",
        R"({"active":true})", R"({"draft":false})", R"({"custom":true})",
        R"({"parentId":"833cb09d-6c34-4590-be5f-a62fab9f41a2"})", R"({"manufacturerId":"x"})",
        R"({"customAttributes":{}})", R"({"address":{}})"})
    EXPECT_TRUE(changes(text)) << text;
}

TEST(AssetBody, SortedChildrenAreAListOfIds) {
  const std::string id(kId);
  const auto sorted = parse_sorted_children(json(R"({"sortedChildIds":[")" + id + R"("]})"));
  ASSERT_TRUE(sorted);
  EXPECT_EQ(*sorted, std::vector{parse_uuid(kId).value()});
  EXPECT_EQ(parse_sorted_children(json(R"({"sortedChildIds":[]})"))->size(), 0u);
  for (const char* text :
       {"{}", R"({"sortedChildIds":null})", R"({"sortedChildIds":"x"})",
        R"({"sortedChildIds":[5]})", R"({"sortedChildIds":["x"]})", R"({"sortedChildIds":{}})"})
    EXPECT_EQ(refused(parse_sorted_children(json(text))), "sortedChildIds") << text;
}

}  // namespace
}  // namespace mooring
