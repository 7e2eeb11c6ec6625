// Document fields: what a client says about a document beside its file (contract 1.3), checked
// before anything else looks at it.
//
// Pure functions; any thread. The fields come as parts of a form, or, if the body is the file
// itself, as query parameters. Unknown ones are ignored. The first that breaks a rule is named.
//
//   field             value                                           if it is empty
//   displayname       1 to kDisplaynameMax code points, not all blank  refused
//   organizationId    text                                             refused
//   categoryId        1 to kCategoryIdBytesMax bytes                   refused
//   languageCodes     ISO 639-1, in any of the forms of rule D1        no languages
//   supplierDocument  true or false, in any case                       refused
//   supplierName      up to kSupplierNameMax code points               no name
//
// No source gives the lengths [D]. Texts are UTF-8 without control characters. A field given twice
// is ambiguous and refused, except languageCodes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mooring/api/checked.h"
#include "mooring/api/upload.h"
#include "mooring/catalog/documents.h"

namespace mooring {

inline constexpr std::size_t kDisplaynameMax = 255;   ///< code points [D]
inline constexpr std::size_t kSupplierNameMax = 255;  ///< code points [D]
inline constexpr std::size_t kLanguagesMax = 64;      ///< of one document [D]

/// A language that is none has an error of its own (InvalidLanguageCode): this field's name tells.
inline constexpr std::string_view kLanguagesField = "languageCodes";

struct DocumentFields {
  std::optional<std::string> displayname = {};
  std::optional<std::string> organization_id = {};
  std::optional<std::string> category_id = {};
  std::optional<std::vector<std::string>> languages = {};  ///< lower case, each once
  std::optional<bool> supplier_document = {};
  std::optional<std::string> supplier_name = {};  ///< empty: none

  /// Whether any of those that a PATCH may change is there.
  [[nodiscard]] bool change_something() const noexcept {
    return displayname || category_id || languages || supplier_document || supplier_name;
  }
};

[[nodiscard]] Checked<DocumentFields> parse_document_fields(std::span<const TextField> fields);

/// A supplier's name as it stands in a body of its own.
[[nodiscard]] bool is_supplier_name(std::string_view text);

/// Puts what `fields` say into `record`. Fails with "supplierName" if the document would be a
/// supplier's without naming it (1.3).
[[nodiscard]] std::expected<void, BadField> apply_fields(const DocumentFields& fields,
                                                         DocumentRecord& record);

}  // namespace mooring
