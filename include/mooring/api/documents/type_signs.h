// Type signs: whether the beginning of a file shows that it may be of a type that bytes can tell.
//
// To ask libmagic takes from half a millisecond to some milliseconds of a processor, for its
// database tries thousands of patterns and searches texts for many of them. Most of that is for
// nothing where a client said what it sends and the bytes show nothing: then what it said would be
// believed anyway (documents/document_type.h). So this looks for signs first. A sign is no proof:
// it is generous, and what shows one is left to libmagic to tell.
//
// S1  Signs of binary files are the prefixes in the table, three printable bytes in front (the
//     tags of RIFF, OggS, Rar! and hundreds of others), and marks at a few places further in.
// S2  Signs of a text are a character that sources and markup have nearly everywhere and prose
//     seldom, a line that begins as no prose does or with a word with which mail, calendars or
//     sources begin lines, and as many commas in the second line as in the first.
// S3  Only the first kSignBytes are looked at, and the places of S1 beyond them. Fewer than 16
//     bytes always show signs.
//
// A pure function of at most some microseconds; any thread.
#pragma once

#include <cstddef>

#include "mooring/base/bytes.h"

namespace mooring {

/// As much of the beginning as is searched for signs of a text.
inline constexpr std::size_t kSignBytes = 4_KiB;

/// Whether libmagic may know more about these bytes than "text" or "some bytes".
[[nodiscard]] bool shows_type_signs(Bytes beginning) noexcept;

}  // namespace mooring
