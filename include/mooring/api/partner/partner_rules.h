// Partner rules: what a partner asset is stored as, and how it is called (contract 2.1).
//
// Two decisions are kept apart, because confusing them breaks content types: what a file *is*
// (media type, by its bytes: B2) and what its key *looks like* (extension: B1). Nothing is ever
// derived from a key but the asset it belongs to and which of its sizes is meant.
//
// Pure functions; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/bytes.h"
#include "mooring/base/uuid.h"
#include "mooring/catalog/partner_assets.h"
#include "mooring/http/media_type.h"

namespace mooring {

inline constexpr std::string_view kKmlType = "application/vnd.google-earth.kml+xml";

/// Rule 2.1: of a name, in code points [D].
inline constexpr std::size_t kPartnerNameMax = 255;

/// What a form may add to the largest file: text fields (X9) and framing.
inline constexpr std::uint64_t kPartnerFormBytesMax = 1_MiB + 64_KiB;

/// Where a KML file that says so nowhere else is looked for its root element.
inline constexpr std::size_t kKmlSearchBytes = 1_KiB;

/// The sizes of an image that have a URL of their own (rules B3 and B4).
enum class PartnerVariant : std::uint8_t { original, thumb, medium, large, large_x2 };

struct PartnerVariantRow {
  PartnerVariant variant;
  std::string_view suffix;  ///< of the key's stem
  std::uint16_t side_max;   ///< of the box it is fitted into, in pixels
};

/// Rule B4 [D]: largeX2 is twice large.
inline constexpr std::array kPartnerVariants = std::to_array<PartnerVariantRow>({
    {PartnerVariant::thumb, "_thumb", 200},
    {PartnerVariant::medium, "_medium", 400},
    {PartnerVariant::large, "_large", 800},
    {PartnerVariant::large_x2, "_largeX2", 1600},
});

/// A key taken apart.
struct PartnerKey {
  Uuid id;
  PartnerVariant variant = PartnerVariant::original;
  std::string_view extension;  ///< without its dot; a view into the text
};

/// Nothing if no asset can have this key: 32 lower-case hex digits, a variant's suffix or none, a
/// dot and 1 to 8 of [a-z0-9], or neither (B1, B3, G6).
[[nodiscard]] std::optional<PartnerKey> parse_partner_key(std::string_view text);

/// The key under which a variant of `asset` is served (B1, B3).
[[nodiscard]] std::string partner_key(const PartnerAssetRecord& asset,
                                      PartnerVariant variant = PartnerVariant::original);

/// The id as it is printed: 32 hex digits, the stem of the key.
[[nodiscard]] std::string partner_id(const Uuid& id);

/// 128 random bits (X11).
[[nodiscard]] Uuid new_partner_id();

/// Rule B1: of the type if that says one, else what follows the last dot of `name`, if it is one.
/// Without its dot; empty: none.
[[nodiscard]] std::string partner_extension(std::string_view media_type, std::string_view name);

/// What is known of a file that was received.
struct PartnerFile {
  SniffedType sniffed = SniffedType::unknown;
  std::optional<std::string> declared_type;  ///< the Content-Type that came with it, as sent
  std::string_view filename;
  std::string_view name;
  std::string_view beginning;  ///< the first kKmlSearchBytes, or less
};

/// Rule B2: the type it is stored and served under. The bytes decide about images and PDF; a file
/// that calls itself KML, or begins as one, is one; else the declared type is taken, unless the
/// bytes would have shown it.
[[nodiscard]] std::string partner_media_type(const PartnerFile& file);

/// What renditions are made of; SniffedType::unknown for what is no image.
[[nodiscard]] SniffedType image_type_of(std::string_view media_type);

/// "Photo", "Document", "Kml". Static storage.
[[nodiscard]] std::string_view name_of(PartnerAssetType type) noexcept;
/// Exactly these names.
[[nodiscard]] std::optional<PartnerAssetType> parse_partner_asset_type(std::string_view name);

/// Rule 2.1, `assetType` left out: Photo for images, Kml for KML, else Document.
[[nodiscard]] PartnerAssetType default_asset_type(std::string_view media_type);

/// Rule G5: "true" in any case is true, anything else is false.
[[nodiscard]] bool is_true(std::optional<std::string_view> parameter);

}  // namespace mooring
