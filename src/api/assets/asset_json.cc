#include "mooring/api/assets/asset_json.h"

#include "mooring/base/clock.h"

namespace mooring {
namespace {

void write_fields(JsonWriter& out, const AssetRecord& asset) {
  out.field("assetType", name_of(asset.type))
      .field("id", std::string_view(to_string(asset.id)))
      .field("name", std::string_view(asset.name))
      .field("organizationId", std::string_view(asset.organization_id))
      .field("manufacturerId", asset.manufacturer_id)
      .field("description", asset.description)
      .field("createdAt", std::string_view(iso8601(asset.created_ms)))
      .field("createdBy", std::string_view(asset.created_by))
      .field("updatedAt", std::string_view(iso8601(asset.updated_ms)))
      .field("updatedBy", std::string_view(asset.updated_by))
      .field("active", asset.active)
      .field("draft", asset.draft)
      .field("custom", asset.custom)
      .field("parentId", asset.parent_id.transform([](const Uuid& id) { return to_string(id); }))
      .field("position", static_cast<std::uint64_t>(asset.position));
  out.key("customAttributes").raw(asset.custom_attributes);
  out.key("address");
  if (asset.address)
    out.raw(*asset.address);
  else
    out.null();
}

}  // namespace

std::string asset_body(const AssetRecord& asset) {
  JsonWriter out;
  out.begin_object().key("data").begin_object();
  write_fields(out, asset);
  out.end_object().end_object();
  return out.take();
}

AssetTreeWriter::AssetTreeWriter() {
  out_.begin_object().key("data").begin_array();
}

void AssetTreeWriter::add(const AssetRecord& asset) {
  while (!open_.empty() && asset.parent_id != open_.back()) close_last();
  out_.begin_object();
  write_fields(out_, asset);
  out_.key("children").begin_array();
  open_.push_back(asset.id);
}

std::string AssetTreeWriter::take() {
  while (!open_.empty()) close_last();
  out_.end_array().end_object();
  return out_.take();
}

void AssetTreeWriter::close_last() {
  out_.end_array().end_object();
  open_.pop_back();
}

}  // namespace mooring
