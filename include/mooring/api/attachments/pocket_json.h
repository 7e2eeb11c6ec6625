// JSON of the attachments family: assets, projects and contents in the key order of contract 4.
//
// Pure; any thread. Nullable keys are always there (rule X4).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "mooring/catalog/attachments.h"
#include "mooring/catalog/keys.h"
#include "mooring/catalog/projects.h"

namespace mooring {

/// {"asset":{…}}: 18 keys.
[[nodiscard]] std::string pocket_asset_body(const PocketAsset& asset);

/// {"asset":{…},"errors":{"error":"<error>","status":<status>}}: the vendor's answer to the removal
/// of content that is not there.
[[nodiscard]] std::string pocket_asset_body(const PocketAsset& asset, std::string_view error,
                                            int status);

/// {"attachments":[{…},…]}
[[nodiscard]] std::string attachments_body(std::span<const PocketAsset> attachments);

/// {"project":{…}}. No source shows original_title: the title it was made with [D].
[[nodiscard]] std::string pocket_project_body(const PocketProject& project);

/// {"media":[{"id","filename","mime_type","size","download_url"}]} [D], empty without content.
[[nodiscard]] std::string media_body(const PocketAsset& asset, std::string_view download_url);

/// {"api_keys":[{"id","key_prefix","name","last_access"},…]}
[[nodiscard]] std::string api_keys_body(std::span<const KeyRecord> keys);

/// {"<key>":"<text>"}
[[nodiscard]] std::string pocket_word_body(std::string_view key, std::string_view text);

}  // namespace mooring
