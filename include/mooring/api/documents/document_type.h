// Document types: what a document's content is, and whether it may be one.
//
// Bytes decide, as far as they tell: first by the signatures of http/media_type, then by libmagic
// (the only place that uses it). Where they tell no more than "text" or "some bytes", what the
// client declared is believed, unless it declares what would show in its bytes [D]. Nothing hangs
// on the word: what is neither a raster image nor PDF is only ever served as a download (X10).
//
// libmagic is only asked where it may know something: obvious_media_type tells the rest [D]. Where
// the two differ, bytes without a sign of a type (documents/type_signs.h) and a client that
// declared one stood against a guess of libmagic's from the middle of a text, or a rare format
// without a tag.
//
// detect_media_type blocks for up to some milliseconds and belongs on workers; the rest are pure
// functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"

namespace mooring {

/// As much of the beginning of a file as detect_media_type looks at.
inline constexpr std::size_t kTypeBytes = 64_KiB;

/// "application/pdf": what the bytes are by themselves; "application/octet-stream" if they do not
/// tell. Any thread that may block.
[[nodiscard]] std::string detect_media_type(Bytes beginning);

/// The type under which a document is stored, where that is clear without libmagic: its signature
/// says so, or it shows no sign of any type and what was declared is believed then. Any thread.
[[nodiscard]] std::optional<std::string> obvious_media_type(
    Bytes beginning, const std::optional<std::string>& declared);

/// The type under which a document is stored otherwise: lower case, without parameters, at most 127
/// bytes. `declared` is the part's Content-Type as sent.
[[nodiscard]] std::string document_media_type(std::string_view detected,
                                              const std::optional<std::string>& declared);

/// Whether content of this type holds other files: not taken out of an archive [D].
[[nodiscard]] bool is_archive_type(std::string_view media_type) noexcept;

/// The types that the operator allows: "application/pdf", "image/*"; none at all: every type.
class AllowedTypes {
 public:
  AllowedTypes() = default;
  /// `text`: types with spaces or commas between them. invalid: something that is no type.
  [[nodiscard]] static Result<AllowedTypes> parse(std::string_view text);

  [[nodiscard]] bool allows(std::string_view media_type) const noexcept;
  /// As they were stated, for the answer to others.
  [[nodiscard]] std::vector<std::string_view> list() const;

 private:
  std::vector<std::string> types_;
};

}  // namespace mooring
