// Limits of the wire: what a peer may make us look at before we say no.
//
// One place for every number of the HTTP wing. Each limit is checked on bytes seen, not on lengths
// declared, and before the work it bounds is done. The defaults are part of the contract (rule X9
// and the framing policy: CRLF only, one length, nothing that two parsers read differently); a
// field of its own lets tests and operators lower them.
//
// Ownership: plain values, copied into the parser that uses them. Any thread.
#pragma once

#include <cstddef>

#include "mooring/base/bytes.h"

namespace mooring {

/// The request head.
struct HeadLimits {
  std::size_t method_bytes_max = 32;           ///< longer: not_implemented, decided at byte 33
  std::size_t request_line_bytes_max = 8_KiB;  ///< without its CRLF; longer: uri_too_long
  std::size_t head_bytes_max = 16_KiB;         ///< request line to empty line; head_too_large
  std::size_t fields_max = 100;                ///< field lines; more: head_too_large
};

/// The number of field slots a HeadParser has; HeadLimits::fields_max may be lower, never higher.
inline constexpr std::size_t kHeadFieldSlots = 100;

/// The framing of a chunked body, RFC 9112 section 7.1.
struct ChunkLimits {
  std::size_t size_digits_max = 16;       ///< hex digits, leading zeros included; bad_framing
  std::size_t extension_bytes_max = 256;  ///< per chunk; bad_framing
  std::size_t extension_bytes_total_max = 8_KiB;  ///< per message; bad_framing
  std::size_t trailer_bytes_max = 4_KiB;          ///< all trailer lines together; head_too_large
};

/// multipart/form-data, rule X9.
struct MultipartLimits {
  std::size_t parts_max = 100;                ///< more: too_large, when part 101 begins
  std::size_t part_head_bytes_max = 16_KiB;   ///< more: invalid
  std::size_t part_fields_max = 16;           ///< field lines of one part; more: invalid
  std::size_t name_bytes_max = 255;           ///< of the name parameter; longer: invalid
  std::size_t text_field_bytes_max = 64_KiB;  ///< one part without a filename; more: too_large
  std::size_t text_total_bytes_max = 1_MiB;   ///< all such parts together; more: too_large
  std::size_t preamble_bytes_max = 4_KiB;     ///< before the first delimiter; more: invalid
  std::size_t padding_bytes_max = 256;        ///< blanks after a delimiter; more: invalid
};

/// RFC 2046 section 5.1.1: a boundary has 1 to 70 characters.
inline constexpr std::size_t kBoundaryBytesMax = 70;

/// Rule X8: a stored file name, in bytes of UTF-8.
inline constexpr std::size_t kFilenameBytesMax = 255;

/// A Range header with more ranges than this is ignored unread (CVE-2011-3192).
inline constexpr std::size_t kRangesMax = 16;

/// Segments of a path; deeper paths belong to no route (not_found).
inline constexpr std::size_t kPathSegmentsMax = 16;

}  // namespace mooring
