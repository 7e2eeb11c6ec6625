// Categories: what documents are sorted into, with names in several languages (API 1.3).
//
// Categories belong to the whole store, not to an organization. A document that names one keeps a
// key under it (documents.h, I3), so whether a category is in use is one seek, never a count.
//
//   I1 a category that a document names exists: it cannot be removed before.
//
// Functions that take a Transaction run on the writer; those that take a View run anywhere. All may
// fail with io_error or corrupt besides what is said.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/result.h"
#include "mooring/catalog/transaction.h"
#include "mooring/catalog/view.h"

namespace mooring {

struct CategoryTranslation {
  std::string language_code;  ///< ISO 639-1 in lower case
  std::string name;
  friend bool operator==(const CategoryTranslation&, const CategoryTranslation&) = default;
};

struct CategoryRecord {
  std::string id;                                 ///< the code, case-sensitive (D24)
  std::vector<CategoryTranslation> translations;  ///< in the order they were given
  friend bool operator==(const CategoryRecord&, const CategoryRecord&) = default;
};

/// Codes are keys of the index as well.
inline constexpr std::size_t kCategoryIdBytesMax = 64;

[[nodiscard]] std::string encode(const CategoryRecord& record);
[[nodiscard]] Result<CategoryRecord> decode_category(std::string_view bytes);

[[nodiscard]] Result<std::optional<CategoryRecord>> find_category(const View& view,
                                                                  std::string_view id);

/// Up to `limit` categories in byte order of their codes, after `after`.
[[nodiscard]] Result<std::vector<CategoryRecord>> list_categories(const View& view,
                                                                  std::size_t limit,
                                                                  std::string_view after = {});

/// Stores a category, new or in place of the one with its id. Fails with invalid if the id is empty
/// or longer than kCategoryIdBytesMax.
[[nodiscard]] Status put_category(Transaction& transaction, const CategoryRecord& record);

/// Fails with not_found, with conflict if a document names it.
[[nodiscard]] Status remove_category(Transaction& transaction, std::string_view id);

}  // namespace mooring
