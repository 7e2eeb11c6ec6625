#include "mooring/api/documents/category_body.h"

#include <algorithm>

#include "mooring/api/documents/language.h"
#include "mooring/base/json_writer.h"
#include "mooring/base/utf8.h"

namespace mooring {
namespace {

bool is_name(const std::string& text) {
  const std::size_t length = code_points(text);
  return length >= 1 && length <= kCategoryNameMax && std::ranges::none_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7F;
         });
}

Checked<CategoryTranslation> parse_translation(const JsonValue& item) {
  const std::string* language = item.find_string("languageCode");
  const std::string* name = item.find_string("name");
  const std::optional<std::string> code = parse_language(language ? *language : "");
  if (!code) return std::unexpected(BadField{"languageCode"});
  if (name == nullptr || !is_name(*name)) return std::unexpected(BadField{"name"});
  return CategoryTranslation{*code, *name};
}

void write_category(JsonWriter& out, const CategoryRecord& category,
                    const std::optional<std::string>& language) {
  out.begin_object().field("id", std::string_view(category.id)).key("translations").begin_array();
  for (const CategoryTranslation& translation : category.translations) {
    if (language && *language != translation.language_code) continue;
    out.begin_object()
        .field("languageCode", std::string_view(translation.language_code))
        .field("name", std::string_view(translation.name))
        .end_object();
  }
  out.end_array().end_object();
}

}  // namespace

bool is_category_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kCategoryIdBytesMax &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

Checked<CategoryRecord> parse_category(std::string_view id, const JsonValue& body) {
  if (!body.is(JsonKind::object)) return std::unexpected(BadField{});
  if (!is_category_id(id)) return std::unexpected(BadField{"id"});
  const JsonValue* translations = body.find("translations");
  const bool is_list = translations != nullptr && translations->is(JsonKind::array) &&
                       !translations->items().empty() &&
                       translations->items().size() <= kTranslationsMax;
  if (!is_list) return std::unexpected(BadField{"translations"});
  CategoryRecord category{std::string(id), {}};
  for (const JsonValue& item : translations->items()) {
    Checked<CategoryTranslation> translation = parse_translation(item);
    if (!translation) return std::unexpected(translation.error());
    const auto same = [&translation](const CategoryTranslation& other) {
      return other.language_code == translation->language_code;
    };
    if (std::ranges::any_of(category.translations, same))
      return std::unexpected(BadField{"translations"});
    category.translations.push_back(*std::move(translation));
  }
  return category;
}

Checked<std::vector<CategoryRecord>> parse_categories(const JsonValue& file) {
  if (!file.is(JsonKind::array)) return std::unexpected(BadField{});
  if (file.items().size() > kCategoriesMax) return std::unexpected(BadField{});
  std::vector<CategoryRecord> categories;
  for (const JsonValue& item : file.items()) {
    const std::string* id = item.find_string("id");
    Checked<CategoryRecord> category = parse_category(id ? *id : "", item);
    if (!category) return std::unexpected(category.error());
    categories.push_back(*std::move(category));
  }
  std::ranges::sort(categories, {}, &CategoryRecord::id);
  if (std::ranges::adjacent_find(categories, {}, &CategoryRecord::id) != categories.end())
    return std::unexpected(BadField{"id"});
  return categories;
}

std::string categories_body(std::span<const CategoryRecord> categories,
                            const std::optional<std::string>& language) {
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  for (const CategoryRecord& category : categories) write_category(out, category, language);
  out.end_array().end_object();
  return out.take();
}

std::string category_body(const CategoryRecord& category,
                          const std::optional<std::string>& language) {
  JsonWriter out;
  write_category(out.begin_object().key("data"), category, language);
  out.end_object();
  return out.take();
}

}  // namespace mooring
