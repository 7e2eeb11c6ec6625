// Import lines: one line of NDJSON is one asset, category or document of `mooring import`.
//
// A pure function; any thread. Fields are held to the rules that the API holds them to.
//
//   {"asset":    {"id"?, "assetType", "name", "parentId"?, "manufacturerId"?, …}}   as POST /assets
//   {"category": {"id", "translations": [{"languageCode", "name"}, …]}}             as PUT
//   {"document": {"id"?, "displayname", "assetIds": [UUID, …], "filename"?, "mimetype"?,
//                 "categoryId"?, "languageCodes"?: […], "supplierDocument"?, "supplierName"?,
//                 "createdAt"?, "updatedAt"?}}
//
// Without an id one is made; without a filename it is the displayname; times are ISO 8601 in UTC
// with milliseconds, and now without one. Unknown keys are ignored.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "mooring/api/checked.h"
#include "mooring/catalog/assets.h"
#include "mooring/catalog/categories.h"
#include "mooring/catalog/documents.h"

namespace mooring {

using ImportLine = std::variant<AssetRecord, CategoryRecord, DocumentRecord>;

/// Organization, people and content are still empty, and times that were not stated are 0. The bad
/// field is the key that is wrong; empty if the line is no such object at all.
[[nodiscard]] Checked<ImportLine> parse_import_line(std::string_view line);

/// "2025-02-27T12:00:00.000Z" as milliseconds since 1970; nothing for anything else (X3).
[[nodiscard]] std::optional<std::int64_t> parse_iso8601(std::string_view text);

}  // namespace mooring
