// Document JSON: documents, pages of them and the warning about a duplicate, in the key order of
// the seed (contract 1.2) and of the vendor's pages (1.3).
//
// Pure functions; any thread. A category is shown in one language, which rule D23 chooses.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mooring/base/json_writer.h"
#include "mooring/catalog/categories.h"
#include "mooring/catalog/document_query.h"

namespace mooring {

/// A document and the category it names.
struct ShownDocument {
  DocumentRecord document;
  std::optional<CategoryRecord> category;
};

/// Rule D23: the translation in the first of `wanted` that there is, else in English, else the
/// first one. Null if the category has none.
[[nodiscard]] const CategoryTranslation* choose_translation(const CategoryRecord& category,
                                                            std::span<const std::string> wanted);

/// {"data":{"id":…}}. `wanted`: primary tags, most wanted first.
[[nodiscard]] std::string document_body(const ShownDocument& shown,
                                        std::span<const std::string> wanted);

/// {"data":[…],"meta":{"page":…,"offset":…,"limit":…,…}}, with the arithmetic of 1.2 (D14, D15).
struct PageNumbers {
  std::uint64_t page = 1;
  std::uint64_t offset = 0;
  std::uint64_t limit = 10;
  std::uint64_t total = 0;
};
[[nodiscard]] std::string document_page_body(std::span<const ShownDocument> documents,
                                             const PageNumbers& numbers,
                                             std::span<const std::string> wanted);

/// {"data":{"warningCode":"DuplicateDocument","message":…,"extension":{"document":{…}}}}: the
/// vendor's answer to content that is there already. `assets` are those it was linked to.
[[nodiscard]] std::string duplicate_body(const ShownDocument& existing,
                                         std::span<const Uuid> assets,
                                         std::span<const std::string> wanted);

/// What became of an archive's files [D]: {"data":{"documents":[…],"warnings":[…]}}, a warning for
/// each file that was a duplicate.
[[nodiscard]] std::string archive_body(std::span<const ShownDocument> created,
                                       std::span<const ShownDocument> existing, const Uuid& asset,
                                       std::span<const std::string> wanted);

}  // namespace mooring
