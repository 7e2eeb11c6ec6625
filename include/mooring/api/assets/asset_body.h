// Asset bodies: what a client may say about an asset, checked before anything else looks at it.
//
// Pure functions from JSON to records; any thread. Unknown keys are ignored, among them those that
// are the server's (id, createdAt, position …). A key that is known has exactly its type: nothing
// is converted. The first key that breaks a rule is the answer, so that the client learns its name
// (extension {"field":…}).
//
//   key               type                                  null       absent at creation
//   assetType         "location" … "component"              refused    refused
//   name              string, 1 to 255 code points          refused    refused
//   organizationId    string, 1 to 255 code points          as absent  the caller's (creation only)
//   manufacturerId    string, 1 to 255 code points          none       none
//   description       string, up to kDescriptionMax         none       none
//   active            boolean                               refused    false
//   draft             boolean                               refused    true
//   custom            boolean                               refused    false
//   parentId          UUID of an asset                      a root     a root
//   customAttributes  object, up to kJsonFieldBytesMax      refused    {}
//   address           object, up to kJsonFieldBytesMax      none       none
//
// No source gives the lengths, the defaults or what null means [D]. Texts hold no NUL, and those
// that name an organization no control characters either.
#pragma once

#include <cstddef>
#include <vector>

#include "mooring/api/checked.h"
#include "mooring/base/bytes.h"
#include "mooring/base/json_reader.h"
#include "mooring/base/uuid.h"
#include "mooring/catalog/assets.h"

namespace mooring {

inline constexpr std::size_t kAssetNameMax = 255;          ///< code points [D]
inline constexpr std::size_t kOrganizationMax = 255;       ///< code points [D]
inline constexpr std::size_t kDescriptionMax = 10'000;     ///< code points [D]
inline constexpr std::size_t kJsonFieldBytesMax = 64_KiB;  ///< of compact JSON [D]

/// A new asset as its creator describes it. Identity, organization (if not stated) and stamps are
/// still empty.
[[nodiscard]] Checked<AssetRecord> parse_asset_create(const JsonValue& body);

/// What a PATCH asks to change; every key is optional, and organizationId is not changed.
[[nodiscard]] Checked<AssetPatch> parse_asset_patch(const JsonValue& body);

/// {"sortedChildIds": [UUID, …]}.
[[nodiscard]] Checked<std::vector<Uuid>> parse_sorted_children(const JsonValue& body);

/// Whether `patch` would change anything in `asset`.
[[nodiscard]] bool changes_anything(const AssetPatch& patch, const AssetRecord& asset);

}  // namespace mooring
