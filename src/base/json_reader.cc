#include "mooring/base/json_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <memory>
#include <new>

#include "mooring/base/check.h"

namespace mooring {

namespace ondemand = simdjson::ondemand;

// Turns simdjson's cursor into JsonValues. On-demand checks what it visits, so everything is
// visited.
class JsonBuilder {
 public:
  // `Source` is a document or a value of it: they share their words, but no base.
  template <typename Source>
  bool build(Source&& source, int depth, JsonValue& out) {
    if (depth > kJsonDepthMax || ++values_ > kJsonValuesMax) return false;
    ondemand::json_type type;
    if (source.type().get(type) != simdjson::SUCCESS) return false;
    switch (type) {
      case ondemand::json_type::null:
        return build_null(source, out);
      case ondemand::json_type::boolean:
        return build_boolean(source, out);
      case ondemand::json_type::number:
        return build_number(source, out);
      case ondemand::json_type::string:
        return build_string(source, out);
      case ondemand::json_type::array:
        return build_array(source, depth, out);
      case ondemand::json_type::object:
        return build_object(source, depth, out);
    }
    return false;
  }

 private:
  template <typename Source>
  static bool build_null(Source& source, JsonValue& out) {
    bool is_null = false;
    if (simdjson::simdjson_result<bool>(source.is_null()).get(is_null) != simdjson::SUCCESS)
      return false;
    out.kind_ = JsonKind::null;
    return is_null;
  }

  template <typename Source>
  static bool build_boolean(Source& source, JsonValue& out) {
    out.kind_ = JsonKind::boolean;
    return source.get_bool().get(out.boolean_) == simdjson::SUCCESS;
  }

  template <typename Source>
  static bool build_number(Source& source, JsonValue& out) {
    std::string_view written;
    if (simdjson::simdjson_result<std::string_view>(source.raw_json_token()).get(written) !=
        simdjson::SUCCESS)
      return false;
    // A token reaches up to the next structural byte.
    written = written.substr(0, written.find_last_not_of(" \t\r\n") + 1);
    out.text_ = written;
    ondemand::number number;
    if (source.get_number().get(number) != simdjson::SUCCESS) return false;
    if (number.is_uint64()) return false;
    if (number.is_int64()) {
      out.kind_ = JsonKind::integer;
      out.integer_ = number.get_int64();
    } else {
      out.kind_ = JsonKind::number;
      out.number_ = number.get_double();
    }
    return true;
  }

  template <typename Source>
  static bool build_string(Source& source, JsonValue& out) {
    std::string_view content;
    if (source.get_string().get(content) != simdjson::SUCCESS) return false;
    out.kind_ = JsonKind::string;
    out.text_ = content;
    return true;
  }

  template <typename Source>
  bool build_array(Source& source, int depth, JsonValue& out) {
    ondemand::array array;
    if (source.get_array().get(array) != simdjson::SUCCESS) return false;
    out.kind_ = JsonKind::array;
    for (auto element : array) {
      ondemand::value value;
      if (std::move(element).get(value) != simdjson::SUCCESS) return false;
      if (!build(value, depth + 1, out.items_.emplace_back())) return false;
    }
    return true;
  }

  template <typename Source>
  bool build_object(Source& source, int depth, JsonValue& out) {
    ondemand::object object;
    if (source.get_object().get(object) != simdjson::SUCCESS) return false;
    out.kind_ = JsonKind::object;
    for (auto result : object) {
      ondemand::field field;
      if (std::move(result).get(field) != simdjson::SUCCESS) return false;
      std::string_view key;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
      JsonMember& member = out.members_.emplace_back();
      member.key = key;
      if (!build(field.value(), depth + 1, member.value)) return false;
    }
    return keys_differ(out.members_);
  }

  static bool keys_differ(const std::vector<JsonMember>& members) {
    if (members.size() < 2) return true;
    std::vector<std::string_view> keys;
    keys.reserve(members.size());
    for (const JsonMember& member : members) keys.push_back(member.key);
    std::ranges::sort(keys);
    return std::ranges::adjacent_find(keys) == keys.end();
  }

  std::size_t values_ = 0;
};

namespace {

// Room for a token's head or claims, and for most bodies, is kept; room for larger texts is given
// back.
constexpr std::size_t kKeptBytes = 16_KiB;

Result<JsonValue> parse_with(ondemand::parser& parser, std::string_view text, char* padded,
                             std::size_t padded_bytes) {
  std::memcpy(padded, text.data(), text.size());
  std::memset(padded + text.size(), 0, simdjson::SIMDJSON_PADDING);
  ondemand::document document;
  if (parser.iterate(padded, text.size(), padded_bytes).get(document) != simdjson::SUCCESS)
    return fail(Errc::invalid, "JSON text");
  JsonValue value;
  if (!JsonBuilder().build(document, 1, value)) return fail(Errc::invalid, "JSON value");
  // At the end, and only there, no byte is the current one.
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
    return fail(Errc::invalid, "bytes after a JSON value");
  return value;
}

}  // namespace

Result<JsonValue> parse_json(std::string_view text) {
  if (text.size() > kJsonBytesMax) return fail(Errc::too_large, "JSON text");
  if (text.starts_with("\xEF\xBB\xBF"))
    return fail(Errc::invalid, "a JSON text with a byte order mark");
  if (text.empty()) return fail(Errc::invalid, "an empty JSON text");
  const std::size_t padded_bytes = text.size() + simdjson::SIMDJSON_PADDING;
  if (text.size() <= kKeptBytes) {
    thread_local ondemand::parser parser;
    char padded[kKeptBytes + simdjson::SIMDJSON_PADDING];
    return parse_with(parser, text, padded, padded_bytes);
  }
  ondemand::parser parser;
  const auto padded = std::make_unique_for_overwrite<char[]>(padded_bytes);
  return parse_with(parser, text, padded.get(), padded_bytes);
}

std::string_view name_of(JsonKind kind) noexcept {
  switch (kind) {
    case JsonKind::null:
      return "null";
    case JsonKind::boolean:
      return "boolean";
    case JsonKind::integer:
      return "integer";
    case JsonKind::number:
      return "number";
    case JsonKind::string:
      return "string";
    case JsonKind::array:
      return "array";
    case JsonKind::object:
      return "object";
  }
  return "unknown";
}

JsonValue::JsonValue() noexcept = default;
JsonValue::JsonValue(const JsonValue& other) = default;
JsonValue::JsonValue(JsonValue&& other) noexcept = default;
JsonValue& JsonValue::operator=(const JsonValue& other) = default;
JsonValue& JsonValue::operator=(JsonValue&& other) noexcept = default;
JsonValue::~JsonValue() = default;

bool JsonValue::as_boolean() const {
  MOORING_CHECK(is(JsonKind::boolean), "not a boolean");
  return boolean_;
}

std::int64_t JsonValue::as_integer() const {
  MOORING_CHECK(is(JsonKind::integer), "not an integer");
  return integer_;
}

double JsonValue::as_number() const {
  if (is(JsonKind::integer)) return static_cast<double>(integer_);
  MOORING_CHECK(is(JsonKind::number), "not a number");
  return number_;
}

const std::string& JsonValue::as_string() const {
  MOORING_CHECK(is(JsonKind::string), "not a string");
  return text_;
}

const std::string& JsonValue::as_written() const {
  MOORING_CHECK(is(JsonKind::integer) || is(JsonKind::number), "not a number");
  return text_;
}

std::span<const JsonValue> JsonValue::items() const {
  MOORING_CHECK(is(JsonKind::array), "not an array");
  return items_;
}

std::span<const JsonMember> JsonValue::members() const {
  MOORING_CHECK(is(JsonKind::object), "not an object");
  return members_;
}

const JsonValue* JsonValue::find(std::string_view key) const noexcept {
  const auto at = std::ranges::find(members_, key, &JsonMember::key);
  return at == members_.end() ? nullptr : &at->value;
}

const std::string* JsonValue::find_string(std::string_view key) const noexcept {
  const JsonValue* const value = find(key);
  return value != nullptr && value->is(JsonKind::string) ? &value->text_ : nullptr;
}

}  // namespace mooring
