// JSON out: RapidJSON's Writer with the names of the contract.
//
// Writes compact JSON into a string it owns. Keys come in the order of the calls, as in the
// examples of the contract (rule X4). Strings must be valid UTF-8; what we store was checked when
// it came in.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mooring {

class JsonWriter {
 public:
  JsonWriter();
  ~JsonWriter();
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(std::uint64_t number);
  JsonWriter& value(int number) { return value(static_cast<std::int64_t>(number)); }
  JsonWriter& value(double number);
  JsonWriter& value(bool flag);
  JsonWriter& null();

  /// Embeds `json`, which must be one complete JSON value.
  JsonWriter& raw(std::string_view json);

  /// `key` followed by `value`; null for an empty optional.
  template <typename T>
  JsonWriter& field(std::string_view name, const T& content) {
    return key(name).value(content);
  }
  JsonWriter& field(std::string_view name, const std::optional<std::string>& content) {
    key(name);
    return content ? value(std::string_view(*content)) : null();
  }

  /// The text so far; complete once every object and array is closed.
  [[nodiscard]] std::string take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mooring
