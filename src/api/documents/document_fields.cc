#include "mooring/api/documents/document_fields.h"

#include <algorithm>

#include "mooring/api/documents/language.h"
#include "mooring/base/utf8.h"
#include "mooring/catalog/categories.h"
#include "mooring/http/request_head.h"

namespace mooring {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

bool is_text(std::string_view text) {
  const bool has_control = std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
  return !has_control && valid_utf8(text);
}

bool is_name(std::string_view text, std::size_t code_points_max) {
  return is_text(text) && text.find_first_not_of(' ') != text.npos &&
         code_points(text) <= code_points_max;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool names_languages(std::string_view name) {
  if (!name.starts_with(kLanguagesField)) return false;
  name.remove_prefix(kLanguagesField.size());
  if (name.empty()) return true;
  return name.size() >= 2 && name.front() == '[' && name.back() == ']' &&
         std::ranges::all_of(name.substr(1, name.size() - 2),
                             [](char c) { return c >= '0' && c <= '9'; });
}

/// Reads field after field. Sticky: the first that breaks a rule stays.
class FieldTaker {
 public:
  explicit FieldTaker(DocumentFields& fields) : fields_(fields) {}

  [[nodiscard]] const std::optional<BadField>& bad() const noexcept { return bad_; }

  void take(std::string_view name, std::string_view value) {
    if (names_languages(name)) return take_languages(value);
    if (name == "displayname")
      return take_text(fields_.displayname, "displayname", value, is_name(value, kDisplaynameMax));
    if (name == "organizationId")
      return take_text(fields_.organization_id, "organizationId", value,
                       !value.empty() && is_text(value));
    if (name == "categoryId")
      return take_text(fields_.category_id, "categoryId", value,
                       !value.empty() && value.size() <= kCategoryIdBytesMax && is_text(value));
    if (name == "supplierName")
      return take_text(fields_.supplier_name, "supplierName", value,
                       value.empty() || is_supplier_name(value));
    if (name == "supplierDocument") take_flag(fields_.supplier_document, "supplierDocument", value);
  }

 private:
  void refuse(std::string_view name) {
    if (!bad_) bad_ = BadField{name};
  }

  void take_text(std::optional<std::string>& into, std::string_view name, std::string_view value,
                 bool is_good) {
    if (into || !is_good) return refuse(name);
    into = std::string(value);
  }

  void take_flag(std::optional<bool>& into, std::string_view name, std::string_view value) {
    const bool is_true = equal_ignoring_case(value, "true");
    if (into || (!is_true && !equal_ignoring_case(value, "false"))) return refuse(name);
    into = is_true;
  }

  void take_languages(std::string_view value) {
    if (!fields_.languages) fields_.languages.emplace();
    std::vector<std::string>& languages = *fields_.languages;
    while (!value.empty()) {
      const std::size_t comma = std::min(value.find(','), value.size());
      const std::string_view text = trimmed(value.substr(0, comma));
      value.remove_prefix(std::min(comma + 1, value.size()));
      if (text.empty()) continue;
      std::optional<std::string> language = parse_language(text);
      if (!language || languages.size() == kLanguagesMax) return refuse(kLanguagesField);
      if (std::ranges::find(languages, *language) == languages.end())
        languages.push_back(*std::move(language));
    }
  }

  DocumentFields& fields_;
  std::optional<BadField> bad_;
};

}  // namespace

bool is_supplier_name(std::string_view text) {
  return is_name(text, kSupplierNameMax);
}

Checked<DocumentFields> parse_document_fields(std::span<const TextField> fields) {
  DocumentFields taken;
  FieldTaker taker(taken);
  for (const TextField& field : fields) taker.take(field.name, field.value);
  if (taker.bad()) return std::unexpected(*taker.bad());
  return taken;
}

std::expected<void, BadField> apply_fields(const DocumentFields& fields, DocumentRecord& record) {
  if (fields.displayname) record.displayname = *fields.displayname;
  if (fields.category_id) record.category_id = *fields.category_id;
  if (fields.languages) record.languages = *fields.languages;
  if (fields.supplier_document) record.supplier_document = *fields.supplier_document;
  if (fields.supplier_name && fields.supplier_name->empty())
    record.supplier_name.reset();
  else if (fields.supplier_name)
    record.supplier_name = *fields.supplier_name;
  if (record.supplier_document && !record.supplier_name)
    return std::unexpected(BadField{"supplierName"});
  return {};
}

}  // namespace mooring
