#include "mooring/api/partner/partner_rules.h"

#include <algorithm>
#include <span>

#include "mooring/http/request_head.h"

namespace mooring {
namespace {

constexpr std::size_t kStemBytes = 32;
constexpr std::size_t kExtensionBytesMax = 8;
constexpr std::size_t kTypeBytesMax = 127;  // RFC 6838 section 4.2: a type name and a subtype name

struct TypeRow {
  SniffedType sniffed;
  std::string_view extension;
};

constexpr std::array kSniffedTypes = std::to_array<TypeRow>({
    {SniffedType::jpeg, "jpg"},
    {SniffedType::png, "png"},
    {SniffedType::webp, "webp"},
    {SniffedType::gif, "gif"},
    {SniffedType::bmp, "bmp"},
    {SniffedType::pdf, "pdf"},
});

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_extension(std::string_view text) {
  return !text.empty() && text.size() <= kExtensionBytesMax &&
         std::ranges::all_of(text, is_lower_or_digit);
}

std::optional<std::uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  return {};
}

std::optional<Uuid> parse_stem(std::string_view stem) {
  Uuid id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    const auto high = hex_digit(stem[2 * i]);
    const auto low = hex_digit(stem[2 * i + 1]);
    if (!high || !low) return {};
    id.bytes[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return id;
}

std::string_view after_last_dot(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == name.npos ? std::string_view() : name.substr(dot + 1);
}

bool shows_in_its_bytes(std::string_view essence) {
  return std::ranges::any_of(kSniffedTypes,
                             [&](const TypeRow& row) { return mime_of(row.sniffed) == essence; });
}

/// What clients declare when they do not know.
bool says_nothing(std::string_view essence) {
  return essence == "application/x-www-form-urlencoded" || essence.starts_with("multipart/");
}

bool is_kml(const PartnerFile& file, std::string_view declared) {
  return declared == kKmlType || equal_ignoring_case(after_last_dot(file.filename), "kml") ||
         equal_ignoring_case(after_last_dot(file.name), "kml") ||
         file.beginning.find("<kml") != file.beginning.npos;
}

}  // namespace

std::optional<PartnerKey> parse_partner_key(std::string_view text) {
  if (text.size() < kStemBytes) return {};
  const std::optional<Uuid> id = parse_stem(text.substr(0, kStemBytes));
  if (!id) return {};
  PartnerKey key{.id = *id, .variant = PartnerVariant::original, .extension = {}};
  std::string_view rest = text.substr(kStemBytes);
  const std::size_t dot = std::min(rest.find('.'), rest.size());
  const std::string_view suffix = rest.substr(0, dot);
  if (dot < rest.size()) {
    key.extension = rest.substr(dot + 1);
    if (!is_extension(key.extension)) return {};
  }
  if (suffix.empty()) return key;
  for (const PartnerVariantRow& row : kPartnerVariants)
    if (suffix == row.suffix) {
      key.variant = row.variant;
      return key;
    }
  return {};
}

std::string partner_key(const PartnerAssetRecord& asset, PartnerVariant variant) {
  std::string key = partner_id(asset.id);
  for (const PartnerVariantRow& row : kPartnerVariants)
    if (row.variant == variant) key += row.suffix;
  if (!asset.extension.empty()) key.append(".").append(asset.extension);
  return key;
}

std::string partner_id(const Uuid& id) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  text.reserve(kStemBytes);
  for (const std::uint8_t byte : id.bytes) {
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

Uuid new_partner_id() {
  Uuid id;
  random_bytes(std::as_writable_bytes(std::span(id.bytes)));
  return id;
}

std::string partner_extension(std::string_view media_type, std::string_view name) {
  if (media_type == kKmlType) return "kml";
  for (const TypeRow& row : kSniffedTypes)
    if (mime_of(row.sniffed) == media_type) return std::string(row.extension);
  const std::string_view extension = after_last_dot(name);
  return is_extension(extension) ? std::string(extension) : std::string();
}

std::string partner_media_type(const PartnerFile& file) {
  if (file.sniffed != SniffedType::unknown) return std::string(mime_of(file.sniffed));
  std::string declared;
  if (file.declared_type)
    if (Result<MediaType> type = parse_media_type(*file.declared_type))
      declared = std::move(type->essence);
  if (is_kml(file, declared)) return std::string(kKmlType);
  const bool is_taken = !declared.empty() && declared.size() <= kTypeBytesMax &&
                        !says_nothing(declared) && !shows_in_its_bytes(declared);
  return is_taken ? declared : std::string(mime_of(SniffedType::unknown));
}

SniffedType image_type_of(std::string_view media_type) {
  for (const TypeRow& row : kSniffedTypes)
    if (row.sniffed != SniffedType::pdf && mime_of(row.sniffed) == media_type) return row.sniffed;
  return SniffedType::unknown;
}

std::string_view name_of(PartnerAssetType type) noexcept {
  switch (type) {
    case PartnerAssetType::photo:
      return "Photo";
    case PartnerAssetType::document:
      return "Document";
    case PartnerAssetType::kml:
      return "Kml";
  }
  return "Document";
}

std::optional<PartnerAssetType> parse_partner_asset_type(std::string_view name) {
  for (const PartnerAssetType type :
       {PartnerAssetType::photo, PartnerAssetType::document, PartnerAssetType::kml})
    if (name == name_of(type)) return type;
  return {};
}

PartnerAssetType default_asset_type(std::string_view media_type) {
  if (image_type_of(media_type) != SniffedType::unknown) return PartnerAssetType::photo;
  return media_type == kKmlType ? PartnerAssetType::kml : PartnerAssetType::document;
}

bool is_true(std::optional<std::string_view> parameter) {
  return parameter && equal_ignoring_case(*parameter, "true");
}

}  // namespace mooring
