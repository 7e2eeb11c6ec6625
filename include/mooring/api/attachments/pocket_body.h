// Bodies of the attachments family: what a client may say, checked in the order of M1: what is
// missing or of another type (422) comes before what is too long or unsafe (400).
//
// Pure functions; any thread. Unknown keys are ignored (M7).
//
//   key           type                                  null        absent
//   title         string, not blank, to 255             422         422 (a change: stays)
//   description   string, to kPocketDescriptionMax      none        none
//   category      string, to 255, lower-cased           none        none
//   external_id   string, to 255; blank is none         none        none
//   tags          strings, to 255 each                  []          []
//   media_type    "article"                             as absent   placeholder
//   isPublic      boolean                               422         false
//
// Lengths are code points, nothing is trimmed (M2). No source gives any but the title's [D].
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/json_reader.h"
#include "mooring/catalog/attachments.h"

namespace mooring {

inline constexpr std::size_t kPocketTitleMax = 255;           ///< M2
inline constexpr std::size_t kPocketWordMax = 255;            ///< [D]
inline constexpr std::size_t kPocketDescriptionMax = 10'000;  ///< [D]
inline constexpr std::size_t kPocketTagsMax = 100;            ///< [D]
inline constexpr std::size_t kPocketFormPairsMax = 1'000;     ///< [D]

/// M4: the other reading is 400 "Title can't be blank".
inline constexpr int kBlankTitleStatus = 422;

struct BodyRefusal {
  int status;
  std::string text;
  friend bool operator==(const BodyRefusal&, const BodyRefusal&) = default;
};

template <typename T>
using Accepted = std::expected<T, BodyRefusal>;

/// Whether a body of this type is read for parameters: JSON, a form, or no type at all. Any other
/// has none (M5), and needs not be read.
[[nodiscard]] bool has_parameters(const std::optional<std::string_view>& content_type);

/// The parameters of a body: an object, or null if there are none (M5). 400 if it is malformed (M6)
/// or not UTF-8 (M8).
[[nodiscard]] Accepted<JsonValue> parse_parameters(
    const std::optional<std::string_view>& content_type, std::string_view text);

/// An attachment: only its title is the client's.
[[nodiscard]] Accepted<PocketText> parse_attachment(const JsonValue& body);

struct NewPocketAsset {
  PocketText text;
  PocketKind kind = PocketKind::placeholder;
};
[[nodiscard]] Accepted<NewPocketAsset> parse_new_pocket_asset(const JsonValue& body);

[[nodiscard]] Accepted<PocketPatch> parse_pocket_patch(const JsonValue& body);

struct NewPocketProject {
  PocketText text;
  bool is_public = false;
};
[[nodiscard]] Accepted<NewPocketProject> parse_new_pocket_project(const JsonValue& body);

/// {file_url, filename}: 422 if one is missing, 400 if it is no http or https URL.
[[nodiscard]] Accepted<std::string> parse_media_url(const JsonValue& body);

/// {name} of a new API key.
[[nodiscard]] Accepted<std::string> parse_key_name(const JsonValue& body);

/// Lower case of Latin, Greek and Cyrillic letters; others stay. `text` is valid UTF-8.
[[nodiscard]] std::string lower_case(std::string_view text);

}  // namespace mooring
