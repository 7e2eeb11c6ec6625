// What an asset looks like on disk, and how one is found. The tree's rules are in assets.cc.
#include <algorithm>
#include <array>

#include "mooring/catalog/assets.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::uint8_t kAssetFormat = 1;

struct TypeName {
  AssetType type;
  std::string_view name;
};
constexpr std::array kTypeNames = std::to_array<TypeName>({
    {AssetType::location, "location"},
    {AssetType::production_line, "production-line"},
    {AssetType::process_cell, "process-cell"},
    {AssetType::machine, "machine"},
    {AssetType::component, "component"},
});

}  // namespace

std::string_view name_of(AssetType type) noexcept {
  return std::ranges::find(kTypeNames, type, &TypeName::type)->name;
}

std::optional<AssetType> parse_asset_type(std::string_view name) noexcept {
  const auto found = std::ranges::find(kTypeNames, name, &TypeName::name);
  if (found == kTypeNames.end()) return std::nullopt;
  return found->type;
}

std::string encode(const AssetRecord& record) {
  return Encoder(kAssetFormat)
      .one_of(record.type)
      .uuid(record.id)
      .text(record.name)
      .text(record.organization_id)
      .option(record.manufacturer_id)
      .option(record.description)
      .signed_number(record.created_ms)
      .text(record.created_by)
      .signed_number(record.updated_ms)
      .text(record.updated_by)
      .flag(record.active)
      .flag(record.draft)
      .flag(record.custom)
      .option(record.parent_id)
      .number(record.position)
      .text(record.custom_attributes)
      .option(record.address)
      .take();
}

Result<AssetRecord> decode_asset(std::string_view bytes) {
  Decoder in(bytes, kAssetFormat);
  AssetRecord record;
  record.type = in.one_of(AssetType::location, AssetType::component);
  record.id = in.uuid();
  record.name = in.text();
  record.organization_id = in.text();
  record.manufacturer_id = in.optional_text();
  record.description = in.optional_text();
  record.created_ms = in.signed_number();
  record.created_by = in.text();
  record.updated_ms = in.signed_number();
  record.updated_by = in.text();
  record.active = in.flag();
  record.draft = in.flag();
  record.custom = in.flag();
  record.parent_id = in.optional_uuid();
  record.position = in.number_as<std::uint32_t>();
  record.custom_attributes = in.text();
  record.address = in.optional_text();
  if (auto read = in.finish("asset record"); !read) return std::unexpected(read.error());
  return record;
}

Result<std::optional<AssetRecord>> find_asset(const View& view, const Uuid& id) {
  const auto value = view.get(Family::asset, Key().uuid(id));
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  return decode_asset(**value);
}

Result<AssetRecord> get_asset(const View& view, const Uuid& id) {
  auto found = find_asset(view, id);
  if (!found) return std::unexpected(found.error());
  if (!*found) return fail(Errc::not_found, "asset");
  return **std::move(found);
}

}  // namespace mooring
