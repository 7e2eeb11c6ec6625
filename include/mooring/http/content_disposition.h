// Content-Disposition: read it without being fooled, write it without fooling anybody.
//
// Reading serves the parts of multipart/form-data, with the escapes that browsers use there, and
// RFC 6266 headers. Writing follows RFC 6266 with RFC 8187: an ASCII fallback for old readers and
// the true name, percent-encoded, for all others. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/result.h"

namespace mooring {

/// A file name is stored as metadata and never used as a path on disk (rule X8).
/// Keeps what follows the last '/' or '\', removes control, bidirectional and zero-width
/// characters, cuts at kFilenameBytesMax on a UTF-8 boundary. A name of dots only becomes empty;
/// the caller decides what an empty name means. invalid: NUL, or text that is not UTF-8.
[[nodiscard]] Result<std::string> sanitise_filename(std::string_view text);

struct ContentDisposition {
  std::string type;                     ///< lower case: "form-data", "attachment", "inline"
  std::optional<std::string> name;      ///< decoded, valid UTF-8
  std::optional<std::string> filename;  ///< sanitised; from filename* if present, else filename
};

/// How quoted values are escaped.
enum class DispositionDialect : std::uint8_t {
  form_data,  ///< as browsers do: %22, %0D and %0A; a backslash escapes only '"' and '\'
  header,     ///< as RFC 9110 does: a backslash escapes any character
};

/// Parses a field value. invalid: bad grammar, a parameter twice, NUL, bad UTF-8, a bad ext-value.
/// Unknown parameters are ignored.
[[nodiscard]] Result<ContentDisposition> parse_content_disposition(std::string_view value,
                                                                   DispositionDialect dialect);

enum class DispositionType : std::uint8_t { attachment, inline_ };

/// attachment; filename="a_b.png"; filename*=UTF-8''a%20b.png
/// In the fallback every character but ASCII letters, digits, space, '.', '_' and '-' is '_';
/// filename* is left out if the fallback says it all. `filename` is sanitised UTF-8 and may be
/// empty, in which case only the type is written. The result is always one safe header value.
[[nodiscard]] std::string format_content_disposition(DispositionType type,
                                                     std::string_view filename);

}  // namespace mooring
