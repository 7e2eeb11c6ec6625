#include "mooring/app/import_line.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "mooring/api/assets/asset_body.h"
#include "mooring/api/documents/category_body.h"
#include "mooring/api/documents/document_fields.h"
#include "mooring/http/content_disposition.h"
#include "mooring/http/media_type.h"

namespace mooring {

namespace {

constexpr std::string_view kUnknownType = "application/octet-stream";

/// What a document says in the words of a form, so that one set of rules serves both.
std::optional<BadField> text_fields(const JsonValue& body, std::vector<TextField>& fields) {
  for (const char* name : {"displayname", "categoryId", "supplierName"})
    if (const JsonValue* value = body.find(name); value != nullptr && !value->is(JsonKind::null)) {
      if (!value->is(JsonKind::string)) return BadField{name};
      fields.push_back({name, value->as_string()});
    }
  if (const JsonValue* flag = body.find("supplierDocument")) {
    if (!flag->is(JsonKind::boolean)) return BadField{"supplierDocument"};
    fields.push_back({"supplierDocument", flag->as_boolean() ? "true" : "false"});
  }
  const JsonValue* languages = body.find(kLanguagesField);
  if (languages == nullptr) return {};
  if (!languages->is(JsonKind::array)) return BadField{kLanguagesField};
  for (const JsonValue& language : languages->items()) {
    if (!language.is(JsonKind::string)) return BadField{kLanguagesField};
    fields.push_back({std::string(kLanguagesField), language.as_string()});
  }
  return {};
}

std::optional<BadField> take_id(const JsonValue& body, Uuid& id) {
  const JsonValue* value = body.find("id");
  if (value == nullptr) {
    id = new_uuid();
    return {};
  }
  const auto parsed = value->is(JsonKind::string) ? parse_uuid(value->as_string()) : std::nullopt;
  if (!parsed) return BadField{"id"};
  id = *parsed;
  return {};
}

std::optional<BadField> take_time(const JsonValue& body, const char* name, std::int64_t& ms) {
  const JsonValue* value = body.find(name);
  if (value == nullptr) return {};
  const auto parsed =
      value->is(JsonKind::string) ? parse_iso8601(value->as_string()) : std::nullopt;
  if (!parsed) return BadField{name};
  ms = *parsed;
  return {};
}

std::optional<BadField> take_assets(const JsonValue& body, std::vector<Uuid>& assets) {
  const JsonValue* ids = body.find("assetIds");
  if (ids == nullptr || !ids->is(JsonKind::array) || ids->items().empty())
    return BadField{"assetIds"};
  for (const JsonValue& item : ids->items()) {
    const auto id = item.is(JsonKind::string) ? parse_uuid(item.as_string()) : std::nullopt;
    if (!id) return BadField{"assetIds"};
    assets.push_back(*id);
  }
  return {};
}

std::optional<BadField> take_file(const JsonValue& body, DocumentRecord& document) {
  const std::string* filename = body.find_string("filename");
  Result<std::string> clean = sanitise_filename(filename ? *filename : document.displayname);
  if (!clean) return BadField{"filename"};
  document.filename = *std::move(clean);
  const std::string* mimetype = body.find_string("mimetype");
  const Result<MediaType> type =
      parse_media_type(mimetype ? std::string_view(*mimetype) : kUnknownType);
  if (!type) return BadField{"mimetype"};
  document.mimetype = type->essence;
  return {};
}

Checked<ImportLine> parse_document(const JsonValue& body) {
  DocumentRecord document;
  std::vector<TextField> given;
  if (const auto bad = text_fields(body, given)) return std::unexpected(*bad);
  const Checked<DocumentFields> fields = parse_document_fields(given);
  if (!fields) return std::unexpected(fields.error());
  if (!fields->displayname) return std::unexpected(BadField{"displayname"});
  if (const auto applied = apply_fields(*fields, document); !applied)
    return std::unexpected(applied.error());
  for (const auto& bad :
       {take_id(body, document.id), take_file(body, document),
        take_time(body, "createdAt", document.created_ms),
        take_time(body, "updatedAt", document.updated_ms), take_assets(body, document.asset_ids)})
    if (bad) return std::unexpected(*bad);
  return document;
}

Checked<ImportLine> parse_asset(const JsonValue& body) {
  Checked<AssetRecord> asset = parse_asset_create(body);
  if (!asset) return std::unexpected(asset.error());
  if (const auto bad = take_id(body, asset->id)) return std::unexpected(*bad);
  return *std::move(asset);
}

Checked<ImportLine> parse_category_line(const JsonValue& body) {
  const std::string* id = body.find_string("id");
  Checked<CategoryRecord> category = parse_category(id ? *id : "", body);
  if (!category) return std::unexpected(category.error());
  return *std::move(category);
}

/// Digits at fixed places of a time; nothing if one is none.
std::optional<int> number_at(std::string_view text, std::size_t first, std::size_t count) {
  int number = 0;
  for (const char c : text.substr(first, count)) {
    if (c < '0' || c > '9') return {};
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

std::optional<std::int64_t> parse_iso8601(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
  if (text.size() != kForm.size()) return {};
  for (std::size_t i = 0; i < kForm.size(); ++i)
    if (kForm[i] != '0' && text[i] != kForm[i]) return {};
  const auto year = number_at(text, 0, 4), month = number_at(text, 5, 2),
             day = number_at(text, 8, 2);
  const auto hour = number_at(text, 11, 2), minute = number_at(text, 14, 2),
             second = number_at(text, 17, 2), millisecond = number_at(text, 20, 3);
  if (!year || !month || !day || !hour || !minute || !second || !millisecond) return {};
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return {};
  const auto at = std::chrono::sys_days(date) + std::chrono::hours(*hour) +
                  std::chrono::minutes(*minute) + std::chrono::seconds(*second) +
                  std::chrono::milliseconds(*millisecond);
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

Checked<ImportLine> parse_import_line(std::string_view line) {
  const Result<JsonValue> parsed = parse_json(line);
  if (!parsed) return std::unexpected(BadField{});
  if (const JsonValue* body = parsed->find("document")) return parse_document(*body);
  if (const JsonValue* body = parsed->find("asset")) return parse_asset(*body);
  if (const JsonValue* body = parsed->find("category")) return parse_category_line(*body);
  return std::unexpected(BadField{});
}

}  // namespace mooring
