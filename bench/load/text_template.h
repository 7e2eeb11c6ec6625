// TextTemplate: a path or a name with places that each request fills in.
//
//   {n}          the number of the request, unique in the run, over all cores
//   {n%256}      the same modulo a number: to spread files over directories
//   {run}        16 hex digits, different in every run
//   {id}         a line of the scenario's list of ids, one after the other
//   {path}       the path of the request itself                   } for the address under which
//   {location}   the Location header of its answer                } what was uploaded can be
//   {json:a.b}   a text of the JSON answer; of an absolute URL the path } read
//   {stored}     the address of something that this run has uploaded: for downloads
//
// Immutable after parse; any thread renders.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/json_reader.h"

namespace mooring {

/// What a request can fill in. Views; nothing is owned.
struct TemplateValues {
  std::uint64_t number = 0;
  std::string_view run = {};
  std::span<const std::string> ids = {};
  std::string_view path = {};
  std::string_view location = {};
  std::string_view stored = {};
  const JsonValue* json = nullptr;
};

class TextTemplate {
 public:
  TextTemplate() = default;
  [[nodiscard]] static std::expected<TextTemplate, std::string> parse(std::string_view text);

  /// Appends to `out`. False if something it needs is not there (a field of the JSON answer, a
  /// Location); then `out` is of no use.
  [[nodiscard]] bool render(std::string& out, const TemplateValues& values) const;

  [[nodiscard]] bool empty() const noexcept { return pieces_.empty(); }
  [[nodiscard]] bool needs_ids() const noexcept { return uses(Kind::id); }
  [[nodiscard]] bool needs_stored() const noexcept { return uses(Kind::stored); }
  [[nodiscard]] bool needs_json() const noexcept { return uses(Kind::json); }
  /// Whether it can only be rendered once an answer is there.
  [[nodiscard]] bool needs_answer() const noexcept {
    return needs_json() || uses(Kind::path) || uses(Kind::location);
  }

 private:
  enum class Kind : std::uint8_t { text, number, remainder, run, id, path, location, json, stored };
  struct Piece {
    Kind kind;
    std::string text = {};               ///< of a text: itself
    std::uint64_t divisor = 0;           ///< of a remainder
    std::vector<std::string> keys = {};  ///< of json
  };

  [[nodiscard]] static std::expected<Piece, std::string> parse_place(std::string_view name);
  [[nodiscard]] bool uses(Kind kind) const noexcept;

  std::vector<Piece> pieces_;
};

/// "a.b" as the keys of nested objects.
[[nodiscard]] std::vector<std::string> split_keys(std::string_view dotted);
/// The value below `root` under nested keys; null if there is none.
[[nodiscard]] const JsonValue* find_nested(const JsonValue& root,
                                           std::span<const std::string> keys) noexcept;
/// "/x" of "http://host/x" and of "/x".
[[nodiscard]] std::string_view path_of_url(std::string_view url) noexcept;

}  // namespace mooring
