#include "mooring/api/attachments/pocket_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "mooring/api/attachments/ruby_inspect.h"
#include "mooring/api/json_body.h"
#include "mooring/base/json_writer.h"
#include "mooring/base/utf8.h"
#include "mooring/http/media_type.h"
#include "mooring/http/target.h"

namespace mooring {
namespace {

constexpr int kUnprocessable = 422;
constexpr int kBad = 400;
constexpr std::string_view kMustBeString = "Must be a String";
constexpr std::string_view kMustBeStrings = "Must be an array of String";
constexpr std::string_view kMustBeBoolean = "Must be one of: true, false, 1, 0.";
constexpr std::string_view kMustBeArticle = "Must be one of: article.";
constexpr std::string_view kInvalidJson = "Invalid JSON";
constexpr std::string_view kInvalidForm = "Invalid form";
constexpr std::string_view kNoHttpUrl = "not a valid HTTP URL";
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

/// One key of a body: its name, how messages call it, and how long it may be.
struct TextRule {
  std::string_view name;
  std::string_view label;
  std::size_t code_points_max;
};
constexpr TextRule kTitle{"title", "Title", kPocketTitleMax};
constexpr TextRule kDescription{"description", "Description", kPocketDescriptionMax};
constexpr TextRule kCategory{"category", "Category", kPocketWordMax};
constexpr TextRule kExternalId{"external_id", "External id", kPocketWordMax};
constexpr TextRule kTag{"tags", "Tag", kPocketWordMax};
constexpr TextRule kFileUrl{"file_url", "File url", 4'096};
constexpr TextRule kFilename{"filename", "Filename", kPocketWordMax};
constexpr TextRule kName{"name", "Name", kPocketWordMax};

/// Unicode's white space, as far as Ruby's [[:space:]] knows it.
bool is_blank(std::string_view text) {
  constexpr std::array<std::string_view, 18> kWide = {
      "\u0085", "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005",
      "\u2006", "\u2007", "\u2008", "\u2009", "\u200A", "\u2028", "\u2029", "\u202F", "\u205F"};
  constexpr std::string_view kIdeographic = "\u3000";
  while (!text.empty()) {
    std::size_t bytes = std::string_view(" \t\n\v\f\r").contains(text.front()) ? 1 : 0;
    for (const std::string_view space : kWide)
      if (text.starts_with(space)) bytes = space.size();
    if (text.starts_with(kIdeographic)) bytes = kIdeographic.size();
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

/// Reads the known keys of a body one after the other. Sticky: the first refusal of each kind
/// stays, and the 422 comes before the 400.
class ParameterReader {
 public:
  explicit ParameterReader(const JsonValue& body) : body_(body) {}

  [[nodiscard]] std::optional<BodyRefusal> refusal() const { return missing_ ? missing_ : bad_; }

  std::string required(const TextRule& rule) {
    const JsonValue* value = body_.find(rule.name);
    if (value == nullptr) {
      if (!missing_) missing_ = {kUnprocessable, fmt::format("Missing parameter {}", rule.name)};
      return {};
    }
    if (!value->is(JsonKind::string) || is_blank(value->as_string())) {
      const int status = value->is(JsonKind::string) ? kBlankTitleStatus : kUnprocessable;
      refuse_value(rule.name, *value, kMustBeString, status);
      return {};
    }
    return checked(*value, rule);
  }

  std::optional<std::string> if_present(const TextRule& rule) {
    if (body_.find(rule.name) == nullptr) return {};
    return required(rule);
  }

  /// Present as null: none. Not present: no change.
  std::optional<std::optional<std::string>> nullable(const TextRule& rule) {
    const JsonValue* value = body_.find(rule.name);
    if (value == nullptr) return {};
    if (value->is(JsonKind::null)) return std::optional<std::string>();
    if (!value->is(JsonKind::string)) {
      refuse_value(rule.name, *value, kMustBeString);
      return {};
    }
    return checked(*value, rule);
  }

  std::optional<std::vector<std::string>> tags() {
    const JsonValue* value = body_.find(kTag.name);
    if (value == nullptr) return {};
    std::vector<std::string> tags;
    if (value->is(JsonKind::null)) return tags;
    const bool are_strings =
        value->is(JsonKind::array) && std::ranges::all_of(value->items(), [](const JsonValue& tag) {
          return tag.is(JsonKind::string);
        });
    if (!are_strings) {
      refuse_value(kTag.name, *value, kMustBeStrings);
      return {};
    }
    if (value->items().size() > kPocketTagsMax)
      refuse_bad(fmt::format("Tags are too many (maximum is {})", kPocketTagsMax));
    for (const JsonValue& tag : value->items()) tags.push_back(checked(tag, kTag));
    return tags;
  }

  bool boolean(std::string_view name) {
    const JsonValue* value = body_.find(name);
    if (value == nullptr) return false;
    if (value->is(JsonKind::boolean)) return value->as_boolean();
    if (value->is(JsonKind::string) && (value->as_string() == "true" || value->as_string() == "1"))
      return true;
    const bool is_false =
        value->is(JsonKind::string) && (value->as_string() == "false" || value->as_string() == "0");
    if (!is_false) refuse_value(name, *value, kMustBeBoolean);
    return false;
  }

  PocketKind kind() {
    const JsonValue* value = body_.find("media_type");
    if (value == nullptr || value->is(JsonKind::null)) return PocketKind::placeholder;
    if (value->is(JsonKind::string) && value->as_string() == name_of(PocketKind::article))
      return PocketKind::article;
    refuse_value("media_type", *value, kMustBeArticle);
    return PocketKind::placeholder;
  }

  void refuse_bad(std::string text) {
    if (!bad_) bad_ = {kBad, std::move(text)};
  }

 private:
  std::string checked(const JsonValue& value, const TextRule& rule) {
    const std::string& text = value.as_string();
    if (text.contains('\0'))
      refuse_bad(fmt::format("{} contains invalid characters", rule.label));
    else if (code_points(text) > rule.code_points_max)
      refuse_bad(fmt::format("{} is too long (maximum is {} characters)", rule.label,
                             rule.code_points_max));
    return text;
  }

  void refuse_value(std::string_view name, const JsonValue& value, std::string_view must,
                    int status = kUnprocessable) {
    if (!missing_)
      missing_ = {status, fmt::format("Invalid parameter '{}' value {}: {}", name,
                                      ruby_inspect(value), must)};
  }

  const JsonValue& body_;
  std::optional<BodyRefusal> missing_;
  std::optional<BodyRefusal> bad_;
};

std::optional<std::string> not_blank(std::optional<std::string> text) {
  if (text && is_blank(*text)) text.reset();
  return text;
}

std::optional<std::string> lowered(std::optional<std::string> text) {
  if (text) text = lower_case(*text);
  return text;
}

/// What is known of assets and projects alike.
PocketPatch read_patch(ParameterReader& in) {
  PocketPatch patch;
  patch.description = in.nullable(kDescription);
  patch.category = in.nullable(kCategory).transform(lowered);
  patch.external_id = in.nullable(kExternalId).transform(not_blank);
  patch.tags = in.tags();
  return patch;
}

PocketText read_text(ParameterReader& in) {
  PocketText text;
  text.title = in.required(kTitle);
  PocketPatch stated = read_patch(in);
  text.description = std::move(stated.description).value_or(std::nullopt);
  text.category = std::move(stated.category).value_or(std::nullopt);
  text.external_id = std::move(stated.external_id).value_or(std::nullopt);
  if (stated.tags) text.tags = *std::move(stated.tags);
  return text;
}

template <typename T>
Accepted<T> accepted(const ParameterReader& in, T value) {
  if (auto refusal = in.refusal()) return std::unexpected(*std::move(refusal));
  return value;
}

bool is_form(const std::optional<std::string_view>& content_type) {
  if (!content_type) return false;
  const Result<MediaType> type = parse_media_type(*content_type);
  return type && type->essence == kFormType;
}

/// The pairs of a form as the JSON that says the same: of a name that comes twice the last one
/// counts, names that end in "[]" are lists, as Rails has it.
std::string json_of(const QueryParameters& form) {
  JsonWriter out;
  out.begin_object();
  const auto& all = form.all();
  for (auto pair = all.begin(); pair != all.end(); ++pair) {
    const auto is_same = [&](const QueryParameter& other) { return other.name == pair->name; };
    if (!pair->name.ends_with("[]")) {
      if (std::none_of(pair + 1, all.end(), is_same))
        out.field(pair->name, std::string_view(pair->value));
      continue;
    }
    if (std::any_of(all.begin(), pair, is_same)) continue;
    out.key(std::string_view(pair->name).substr(0, pair->name.size() - 2)).begin_array();
    for (const QueryParameter& other : all)
      if (is_same(other)) out.value(std::string_view(other.value));
    out.end_array();
  }
  out.end_object();
  return out.take();
}

/// http or https and a host; nothing that a URL does not hold.
bool is_http_url(std::string_view text) {
  const std::string lower = lower_case(text);
  const std::size_t scheme = lower.starts_with("http://")    ? 7
                             : lower.starts_with("https://") ? 8
                                                             : 0;
  if (scheme == 0) return false;
  const std::string_view host = text.substr(scheme, text.find_first_of("/?#", scheme) - scheme);
  const bool is_clean = std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f || std::string_view("\"<>\\^`{|}").contains(c);
  });
  return !host.empty() && is_clean;
}

}  // namespace

bool has_parameters(const std::optional<std::string_view>& content_type) {
  return is_json_type(content_type) || is_form(content_type);
}

Accepted<JsonValue> parse_parameters(const std::optional<std::string_view>& content_type,
                                     std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == text.npos) return JsonValue();
  if (is_form(content_type)) {
    const Result<QueryParameters> form = parse_query(text);
    if (!form || form->all().size() > kPocketFormPairsMax)
      return std::unexpected(BodyRefusal{kBad, std::string(kInvalidForm)});
    Result<JsonValue> value = parse_json(json_of(*form));
    if (!value) return std::unexpected(BodyRefusal{kBad, std::string(kInvalidForm)});
    return *std::move(value);
  }
  if (!is_json_type(content_type)) return JsonValue();
  Result<JsonValue> value = parse_json(text);
  if (!value) return std::unexpected(BodyRefusal{kBad, std::string(kInvalidJson)});
  if (!value->is(JsonKind::object)) return JsonValue();
  return *std::move(value);
}

Accepted<PocketText> parse_attachment(const JsonValue& body) {
  ParameterReader in(body);
  PocketText text{.title = in.required(kTitle)};
  return accepted(in, std::move(text));
}

Accepted<NewPocketAsset> parse_new_pocket_asset(const JsonValue& body) {
  ParameterReader in(body);
  NewPocketAsset asset{read_text(in), in.kind()};
  return accepted(in, std::move(asset));
}

Accepted<PocketPatch> parse_pocket_patch(const JsonValue& body) {
  ParameterReader in(body);
  auto title = in.if_present(kTitle);
  PocketPatch patch = read_patch(in);
  patch.title = std::move(title);
  return accepted(in, std::move(patch));
}

Accepted<NewPocketProject> parse_new_pocket_project(const JsonValue& body) {
  ParameterReader in(body);
  NewPocketProject project{read_text(in), in.boolean("isPublic")};
  return accepted(in, std::move(project));
}

Accepted<std::string> parse_media_url(const JsonValue& body) {
  ParameterReader in(body);
  std::string url = in.required(kFileUrl);
  (void)in.required(kFilename);
  if (!is_http_url(url)) in.refuse_bad(std::string(kNoHttpUrl));
  return accepted(in, std::move(url));
}

Accepted<std::string> parse_key_name(const JsonValue& body) {
  ParameterReader in(body);
  std::string name = in.required(kName);
  return accepted(in, std::move(name));
}

}  // namespace mooring
