// Category bodies: categories as JSON, in and out (contract 1.3).
//
// Pure functions; any thread. What a client or an operator's file says is checked before anything
// else looks at it:
//   id            1 to kCategoryIdBytesMax of A-Z a-z 0-9 . _ - [D], kept as it is (D24)
//   translations  1 to kTranslationsMax objects, each language once
//   languageCode  ISO 639-1 in any case
//   name          1 to kCategoryNameMax code points without control characters
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/api/checked.h"
#include "mooring/base/json_reader.h"
#include "mooring/catalog/categories.h"

namespace mooring {

inline constexpr std::size_t kCategoryNameMax = 255;  ///< code points [D]
inline constexpr std::size_t kTranslationsMax = 64;   ///< of one category [D]
/// What one list may hold: categories are few, and the list is not paged [D].
inline constexpr std::size_t kCategoriesMax = 10'000;

[[nodiscard]] bool is_category_id(std::string_view text) noexcept;

/// {"translations":[{"languageCode":"de","name":"Elektronik"}]}; the id is the path's. Other keys
/// are ignored. A language that is none is the bad field "languageCode".
[[nodiscard]] Checked<CategoryRecord> parse_category(std::string_view id, const JsonValue& body);

/// The file of the default set: [{"id":"AA","translations":[…]}, …], each id once.
[[nodiscard]] Checked<std::vector<CategoryRecord>> parse_categories(const JsonValue& file);

/// The default set: conf/categories.json as it was when this binary was built.
extern const std::string_view kDefaultCategories;

/// {"data":[{"id":"AA","translations":[…]}]}. With a language: of each category's translations only
/// the one in that language, which may be none [D].
[[nodiscard]] std::string categories_body(std::span<const CategoryRecord> categories,
                                          const std::optional<std::string>& language);

/// {"data":{"id":"AA","translations":[…]}}
[[nodiscard]] std::string category_body(const CategoryRecord& category,
                                        const std::optional<std::string>& language);

}  // namespace mooring
