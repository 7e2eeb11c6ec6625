#include "mooring/api/documents/document_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "mooring/base/clock.h"

namespace mooring {
namespace {

constexpr std::string_view kFallbackLanguage = "en";  // D23

std::string_view name_of(AiInjected state) {
  switch (state) {
    case AiInjected::uninjected:
      return "uninjected";
  }
  return "uninjected";
}

const CategoryTranslation* find_translation(const CategoryRecord& category,
                                            std::string_view language) {
  const auto found =
      std::ranges::find(category.translations, language, &CategoryTranslation::language_code);
  return found == category.translations.end() ? nullptr : &*found;
}

void write_category(JsonWriter& out, const ShownDocument& shown,
                    std::span<const std::string> wanted) {
  if (!shown.category) {
    out.null();
    return;
  }
  const CategoryTranslation* translation = choose_translation(*shown.category, wanted);
  out.begin_object().field("id", std::string_view(shown.category->id));
  out.field("languageCode", translation ? std::string_view(translation->language_code) : "");
  out.field("name", translation ? std::string_view(translation->name) : "");
  out.end_object();
}

void write_document(JsonWriter& out, const ShownDocument& shown,
                    std::span<const std::string> wanted) {
  const DocumentRecord& document = shown.document;
  out.begin_object()
      .field("id", std::string_view(to_string(document.id)))
      .field("filename", std::string_view(document.filename))
      .field("displayname", std::string_view(document.displayname))
      .field("ownerId", std::string_view(document.owner_id))
      .field("organizationId", std::string_view(document.organization_id))
      .field("manufacturerId", document.manufacturer_id)
      .field("mimetype", std::string_view(document.mimetype));
  write_category(out.key("category"), shown, wanted);
  out.key("languages").begin_array();
  for (const std::string& language : document.languages) out.value(std::string_view(language));
  out.end_array()
      .field("updatedAt", std::string_view(iso8601(document.updated_ms)))
      .field("updatedBy", std::string_view(document.updated_by))
      .field("createdBy", std::string_view(document.created_by))
      .field("createdAt", std::string_view(iso8601(document.created_ms)))
      .field("supplierDocument", document.supplier_document)
      .field("supplierName", document.supplier_name)
      .field("aiInjected", name_of(document.ai_injected))
      .key("aiInjectedUpdatedAt");
  if (document.ai_injected_updated_ms)
    out.value(std::string_view(iso8601(*document.ai_injected_updated_ms)));
  else
    out.null();
  out.end_object();
}

void write_duplicate(JsonWriter& out, const ShownDocument& existing, std::span<const Uuid> assets,
                     std::span<const std::string> wanted) {
  std::string names;
  for (const Uuid& asset : assets) {
    if (!names.empty()) names += ", ";
    names += to_string(asset);
  }
  const DocumentRecord& document = existing.document;
  const std::string message = fmt::format(
      "Document \"{}\" (filename: {}, id: {}) already exists and was not uploaded again, linked to "
      "asset(s) {}",
      document.displayname, document.filename, to_string(document.id), names);
  out.begin_object()
      .field("warningCode", std::string_view("DuplicateDocument"))
      .field("message", std::string_view(message))
      .key("extension")
      .begin_object()
      .key("document");
  write_document(out, existing, wanted);
  out.end_object().end_object();
}

}  // namespace

const CategoryTranslation* choose_translation(const CategoryRecord& category,
                                              std::span<const std::string> wanted) {
  for (const std::string& language : wanted)
    if (const auto* translation = find_translation(category, language)) return translation;
  if (const auto* translation = find_translation(category, kFallbackLanguage)) return translation;
  return category.translations.empty() ? nullptr : &category.translations.front();
}

std::string document_body(const ShownDocument& shown, std::span<const std::string> wanted) {
  JsonWriter out;
  write_document(out.begin_object().key("data"), shown, wanted);
  out.end_object();
  return out.take();
}

std::string document_page_body(std::span<const ShownDocument> documents, const PageNumbers& numbers,
                               std::span<const std::string> wanted) {
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  for (const ShownDocument& shown : documents) write_document(out, shown, wanted);
  out.end_array();
  const std::uint64_t pages = (numbers.total + numbers.limit - 1) / numbers.limit;
  out.key("meta")
      .begin_object()
      .field("page", numbers.page)
      .field("offset", numbers.offset)
      .field("limit", numbers.limit)
      .field("totalItems", numbers.total)
      .field("totalPages", pages)
      .field("hasNextPage", numbers.page < pages)
      .field("hasPreviousPage", numbers.page > 1)
      .end_object()
      .end_object();
  return out.take();
}

std::string duplicate_body(const ShownDocument& existing, std::span<const Uuid> assets,
                           std::span<const std::string> wanted) {
  JsonWriter out;
  write_duplicate(out.begin_object().key("data"), existing, assets, wanted);
  out.end_object();
  return out.take();
}

std::string archive_body(std::span<const ShownDocument> created,
                         std::span<const ShownDocument> existing, const Uuid& asset,
                         std::span<const std::string> wanted) {
  JsonWriter out;
  out.begin_object().key("data").begin_object().key("documents").begin_array();
  for (const ShownDocument& shown : created) write_document(out, shown, wanted);
  out.end_array().key("warnings").begin_array();
  for (const ShownDocument& shown : existing)
    write_duplicate(out, shown, std::span(&asset, 1), wanted);
  out.end_array().end_object().end_object();
  return out.take();
}

}  // namespace mooring
