// Targets: a raw path becomes segments, a raw query becomes parameters. Both are decoded exactly
// once.
//
// What could mean two things is refused rather than repaired: dot segments, encoded slashes,
// backslashes, controls, overlong or broken UTF-8, a percent sign without two hex digits.
//
// Ownership: the results own their text and depend on nothing. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/result.h"
#include "mooring/http/limits.h"

namespace mooring {

/// The decoded segments of a path: "/a/b%20c/" is {"a", "b c"} with a trailing slash; "/" is empty.
class PathSegments {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

  /// Segment `i`, counted from 0; i < size(). Valid as long as this object is neither moved nor
  /// gone.
  [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept;

  /// Whether a '/' followed the last segment (rule X5: collections accept it). False for "/".
  [[nodiscard]] bool trailing_slash() const noexcept { return trailing_slash_; }

 private:
  friend Result<PathSegments> split_path(std::string_view raw_path);

  std::string text_;                                    ///< segments, one after the other
  std::array<std::uint16_t, kPathSegmentsMax> ends_{};  ///< where each ends in text_
  std::uint8_t count_ = 0;
  bool trailing_slash_ = false;
};

/// Splits and decodes RequestHead::path. Errors: invalid (see the essay; also a path without a
/// leading
/// '/'), not_found (an empty segment, or more than kPathSegmentsMax: no route looks like that).
[[nodiscard]] Result<PathSegments> split_path(std::string_view raw_path);

struct QueryParameter {
  std::string name;
  std::string value;  ///< empty for "a" and for "a="
};

/// The parameters of a query in order of appearance (rule D16 needs the order).
class QueryParameters {
 public:
  [[nodiscard]] const std::vector<QueryParameter>& all() const noexcept { return all_; }

  /// The value of the first parameter called exactly `name`.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;

  /// How many parameters are called exactly `name` (rule D17: more than one can be an error).
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;

 private:
  friend Result<QueryParameters> parse_query(std::string_view raw_query);
  std::vector<QueryParameter> all_;
};

/// Splits at '&', then at the first '=', decodes percent signs and '+' (a space). Empty pairs are
/// skipped. invalid: a bad percent sign, NUL, or text that is not UTF-8.
[[nodiscard]] Result<QueryParameters> parse_query(std::string_view raw_query);

/// Appends `raw` with its percent escapes decoded to `out`. invalid: a '%' without two hex digits.
[[nodiscard]] Status percent_decode(std::string_view raw, std::string& out);

/// Appends `text` to `out`, every byte but ASCII letters, digits and "-._~" percent-encoded.
void percent_encode(std::string_view text, std::string& out);

}  // namespace mooring
