// JSON in: one strict reader for request bodies and token claims (the only place that uses
// simdjson).
//
// parse_json reads a whole text once and answers with a tree of values that owns everything it
// shows; the text may go away. Any thread; a value is as safe as any other const object.
//
// What the reader refuses, always as Errc::invalid, so that no two readers of one text can
// disagree:
//   R1  anything that is not exactly one JSON value (RFC 8259): trailing bytes, a byte order mark,
//       comments, single quotes, control bytes in strings, NaN;
//   R2  invalid UTF-8, lone surrogates;
//   R3  the same key twice in one object, compared after unescaping;
//   R4  more than kJsonDepthMax levels, more than kJsonValuesMax values: memory is bounded by the
//       limit of the body and these two, at about 8 MiB;
//   R5  integers beyond 64 bits with sign, numbers beyond the range of a double.
// A text over kJsonBytesMax is Errc::too_large.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"

namespace mooring {

inline constexpr std::size_t kJsonBytesMax = 1_MiB;
inline constexpr int kJsonDepthMax = 64;
inline constexpr std::size_t kJsonValuesMax = 65'536;

/// A number is an integer when it is written without fraction and exponent: 1 is, 1.0 and 1e0 are
/// not.
enum class JsonKind : std::uint8_t { null, boolean, integer, number, string, array, object };

/// "null", "boolean", …; static storage.
[[nodiscard]] std::string_view name_of(JsonKind kind) noexcept;

struct JsonMember;

/// One value and all that is below it. Default: null. Asking a value for what it is not is a
/// programmer's error (CHECK): look at the kind first, or use the `find_` words, which answer
/// "none".
class JsonValue {
 public:
  JsonValue() noexcept;
  JsonValue(const JsonValue& other);
  JsonValue(JsonValue&& other) noexcept;
  JsonValue& operator=(const JsonValue& other);
  JsonValue& operator=(JsonValue&& other) noexcept;
  ~JsonValue();

  [[nodiscard]] JsonKind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is(JsonKind kind) const noexcept { return kind_ == kind; }

  [[nodiscard]] bool as_boolean() const;
  [[nodiscard]] std::int64_t as_integer() const;
  /// Of an integer or a number. Integers beyond 2^53 lose digits.
  [[nodiscard]] double as_number() const;
  /// May hold NUL, written as \u0000 in the text.
  [[nodiscard]] const std::string& as_string() const;
  /// An integer or a number exactly as the client wrote it, for bodies that print it back.
  [[nodiscard]] const std::string& as_written() const;
  [[nodiscard]] std::span<const JsonValue> items() const;
  /// In the order of the text.
  [[nodiscard]] std::span<const JsonMember> members() const;

  /// The value of `key`; null if this is no object or has no such key.
  [[nodiscard]] const JsonValue* find(std::string_view key) const noexcept;
  /// The string under `key`; null if there is none or it is of another kind.
  [[nodiscard]] const std::string* find_string(std::string_view key) const noexcept;

 private:
  friend class JsonBuilder;

  JsonKind kind_ = JsonKind::null;
  bool boolean_ = false;
  union {
    std::int64_t integer_ = 0;
    double number_;
  };
  std::string text_;  // of a string: its content; of a number: as written
  std::vector<JsonValue> items_;
  std::vector<JsonMember> members_;
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

[[nodiscard]] Result<JsonValue> parse_json(std::string_view text);

}  // namespace mooring
