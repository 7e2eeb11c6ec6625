#include "mooring/api/assets/asset_body.h"

#include <algorithm>
#include <utility>

#include "mooring/base/json_writer.h"
#include "mooring/base/utf8.h"

namespace mooring {
namespace {

struct TextRule {
  std::size_t code_points_min = 0;
  std::size_t code_points_max = 0;
  enum class Controls : std::uint8_t { all_but_nul, none } controls = Controls::all_but_nul;
};

constexpr TextRule kNameRule{1, kAssetNameMax};
constexpr TextRule kDescriptionRule{0, kDescriptionMax};
constexpr TextRule kOrganizationRule{1, kOrganizationMax, TextRule::Controls::none};

bool obeys(const std::string& text, const TextRule& rule) {
  const unsigned char lowest = rule.controls == TextRule::Controls::none ? 0x20 : 0x01;
  const bool clean = std::ranges::all_of(text, [lowest](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= lowest && (lowest == 0x01 || byte != 0x7F);
  });
  const std::size_t length = code_points(text);
  return clean && length >= rule.code_points_min && length <= rule.code_points_max;
}

/// As deep as the reader allows: kJsonDepthMax.
void write(JsonWriter& out, const JsonValue& value) {
  switch (value.kind()) {
    case JsonKind::null:
      out.null();
      break;
    case JsonKind::boolean:
      out.value(value.as_boolean());
      break;
    case JsonKind::integer:
    case JsonKind::number:
      out.raw(value.as_written());
      break;
    case JsonKind::string:
      out.value(std::string_view(value.as_string()));
      break;
    case JsonKind::array:
      out.begin_array();
      for (const JsonValue& item : value.items()) write(out, item);
      out.end_array();
      break;
    case JsonKind::object:
      out.begin_object();
      for (const JsonMember& member : value.members()) write(out.key(member.key), member.value);
      out.end_object();
      break;
  }
}

/// Reads the known keys of a body one after the other. Sticky: the first key that breaks a rule
/// stays, and what is read after it does not matter.
class FieldReader {
 public:
  explicit FieldReader(const JsonValue& body) : body_(body) {
    if (!body.is(JsonKind::object)) bad_ = BadField{};
  }

  [[nodiscard]] const std::optional<BadField>& bad() const noexcept { return bad_; }

  void require(std::string_view key, bool present) {
    if (!present) refuse(key);
  }

  std::optional<AssetType> asset_type(std::string_view key) {
    const JsonValue* value = body_.find(key);
    if (value == nullptr) return {};
    if (value->is(JsonKind::string))
      if (const auto type = parse_asset_type(value->as_string())) return type;
    refuse(key);
    return {};
  }

  std::optional<std::string> text(std::string_view key, const TextRule& rule) {
    const JsonValue* value = body_.find(key);
    if (value == nullptr) return {};
    if (value->is(JsonKind::string) && obeys(value->as_string(), rule)) return value->as_string();
    refuse(key);
    return {};
  }

  std::optional<bool> boolean(std::string_view key) {
    const JsonValue* value = body_.find(key);
    if (value == nullptr) return {};
    if (value->is(JsonKind::boolean)) return value->as_boolean();
    refuse(key);
    return {};
  }

  std::optional<Uuid> uuid(std::string_view key) {
    const JsonValue* value = body_.find(key);
    if (value == nullptr) return {};
    if (value->is(JsonKind::string))
      if (const auto id = parse_uuid(value->as_string())) return id;
    refuse(key);
    return {};
  }

  /// An object as compact JSON text, its numbers as they were written.
  std::optional<std::string> object(std::string_view key) {
    const JsonValue* value = body_.find(key);
    if (value == nullptr) return {};
    if (value->is(JsonKind::object)) {
      JsonWriter out;
      write(out, *value);
      std::string text = out.take();
      if (text.size() <= kJsonFieldBytesMax) return text;
    }
    refuse(key);
    return {};
  }

  [[nodiscard]] bool is_null(std::string_view key) const {
    const JsonValue* value = body_.find(key);
    return value != nullptr && value->is(JsonKind::null);
  }

 private:
  void refuse(std::string_view key) {
    if (!bad_) bad_ = BadField{key};
  }

  const JsonValue& body_;
  std::optional<BadField> bad_;
};

/// null is a change to none; any other value is read by `read`.
template <typename Read>
auto nullable(const FieldReader& fields, std::string_view key, Read read)
    -> std::optional<std::invoke_result_t<Read>> {
  if (fields.is_null(key)) return std::invoke_result_t<Read>{};
  if (auto value = read()) return value;
  return {};
}

AssetPatch read_patch(FieldReader& fields) {
  AssetPatch patch;
  patch.type = fields.asset_type("assetType");
  patch.name = fields.text("name", kNameRule);
  patch.manufacturer_id = nullable(
      fields, "manufacturerId", [&] { return fields.text("manufacturerId", kOrganizationRule); });
  patch.description =
      nullable(fields, "description", [&] { return fields.text("description", kDescriptionRule); });
  patch.active = fields.boolean("active");
  patch.draft = fields.boolean("draft");
  patch.custom = fields.boolean("custom");
  patch.parent_id = nullable(fields, "parentId", [&] { return fields.uuid("parentId"); });
  patch.custom_attributes = fields.object("customAttributes");
  patch.address = nullable(fields, "address", [&] { return fields.object("address"); });
  return patch;
}

}  // namespace

Checked<AssetRecord> parse_asset_create(const JsonValue& body) {
  FieldReader fields(body);
  AssetPatch stated = read_patch(fields);
  fields.require("assetType", stated.type.has_value());
  fields.require("name", stated.name.has_value());
  std::optional<std::string> organization;
  if (!fields.is_null("organizationId"))
    organization = fields.text("organizationId", kOrganizationRule);
  if (fields.bad()) return std::unexpected(*fields.bad());

  AssetRecord asset;
  asset.type = *stated.type;
  asset.name = *std::move(stated.name);
  asset.organization_id = std::move(organization).value_or("");
  asset.manufacturer_id = std::move(stated.manufacturer_id).value_or(std::nullopt);
  asset.description = std::move(stated.description).value_or(std::nullopt);
  asset.active = stated.active.value_or(asset.active);
  asset.draft = stated.draft.value_or(asset.draft);
  asset.custom = stated.custom.value_or(asset.custom);
  asset.parent_id = stated.parent_id.value_or(std::nullopt);
  if (stated.custom_attributes) asset.custom_attributes = *std::move(stated.custom_attributes);
  asset.address = std::move(stated.address).value_or(std::nullopt);
  return asset;
}

Checked<AssetPatch> parse_asset_patch(const JsonValue& body) {
  FieldReader fields(body);
  AssetPatch patch = read_patch(fields);
  if (fields.bad()) return std::unexpected(*fields.bad());
  return patch;
}

Checked<std::vector<Uuid>> parse_sorted_children(const JsonValue& body) {
  constexpr BadField kBadIds{"sortedChildIds"};
  if (!body.is(JsonKind::object)) return std::unexpected(BadField{});
  const JsonValue* ids = body.find("sortedChildIds");
  if (ids == nullptr || !ids->is(JsonKind::array)) return std::unexpected(kBadIds);
  std::vector<Uuid> sorted;
  sorted.reserve(ids->items().size());
  for (const JsonValue& item : ids->items()) {
    const auto id = item.is(JsonKind::string) ? parse_uuid(item.as_string()) : std::nullopt;
    if (!id) return std::unexpected(kBadIds);
    sorted.push_back(*id);
  }
  return sorted;
}

bool changes_anything(const AssetPatch& patch, const AssetRecord& asset) {
  const auto differs = [](const auto& change, const auto& present) {
    return change && *change != present;
  };
  return differs(patch.type, asset.type) || differs(patch.name, asset.name) ||
         differs(patch.manufacturer_id, asset.manufacturer_id) ||
         differs(patch.description, asset.description) || differs(patch.active, asset.active) ||
         differs(patch.draft, asset.draft) || differs(patch.custom, asset.custom) ||
         differs(patch.parent_id, asset.parent_id) ||
         differs(patch.custom_attributes, asset.custom_attributes) ||
         differs(patch.address, asset.address);
}

}  // namespace mooring
