#include "mooring/api/documents/type_signs.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace mooring {
namespace {

using std::string_view_literals::operator""sv;

/// Files that are no text, where their first three bytes are not all printable.
constexpr std::array kPrefixes = std::to_array<std::string_view>({
    // Pictures: bitmaps and icons, TIFF and its raw relatives, JPEG and its successors, PCX, TGA's
    // kin, XWD, EXR, DPX, JPEG XL, metafiles, DICOM's and EPOC's.
    "BM"sv,
    "BA"sv,
    "CI"sv,
    "IC"sv,
    "PT"sv,
    "CP"sv,
    "\0\0\1\0"sv,
    "\0\0\2\0"sv,
    "\xff\xd8\xff"sv,
    "\xff\x4f\xff\x51"sv,
    "\xff\x0a"sv,
    "\0\0\0\x0cjP"sv,
    "\0\0\0\x0cJXL"sv,
    "\x89PNG"sv,
    "\x8aMNG"sv,
    "\x8bJNG"sv,
    "II"sv,
    "MM"sv,
    "BPG"sv,
    "\x0a\0\x01"sv,
    "\x0a\2\x01"sv,
    "\x0a\3\x01"sv,
    "\x0a\4\x01"sv,
    "\x0a\5\x01"sv,
    "\xb1\x68\xde\x3a"sv,
    "\x76\x2f\x31\x01"sv,
    "\x80\x2a\x5f\xd7"sv,
    "\x59\xa6\x6a\x95"sv,
    "\xd7\xcd\xc6\x9a"sv,
    "\x01\0\x09\0"sv,
    "\x02\0\x09\0"sv,
    "\x01\0\0\0"sv,
    "\xc5\xd0\xd3\xc6"sv,
    "\x10\0\0\0"sv,
    "\x01\xda"sv,
    "\x37\0\0\x10"sv,
    "\x50\0\0\x10"sv,
    "\0\0\0\x28"sv,
    "\0\0\0\x64"sv,
    "\0\0\0\x65"sv,
    "\0\0\0\x68"sv,
    "\x3d\xf3\x13\x14"sv,
    "\xff\xff\1\0"sv,
    "\0\x01\xff"sv,
    "P4"sv,
    "P5"sv,
    "P6"sv,
    "P7"sv,
    // Sound and film.
    "\0\0\1"sv,
    "\xff\xe2"sv,
    "\xff\xe3"sv,
    "\xff\xf0"sv,
    "\xff\xf1"sv,
    "\xff\xf2"sv,
    "\xff\xf3"sv,
    "\xff\xf4"sv,
    "\xff\xf5"sv,
    "\xff\xf6"sv,
    "\xff\xf7"sv,
    "\xff\xf8"sv,
    "\xff\xf9"sv,
    "\xff\xfa"sv,
    "\xff\xfb"sv,
    "\xff\xfc"sv,
    "\xff\xfd"sv,
    "\x1a\x45\xdf\xa3"sv,
    "ID3"sv,
    "FLV"sv,
    "MP+"sv,
    "\x0bw"sv,
    "\x56\xe0"sv,
    "\x30\x26\xb2\x75"sv,
    "\x47\x40"sv,
    "\x1f\x07\0"sv,
    "\x2eRMF"sv,
    "\x2era\xfd"sv,
    "\x80\0"sv,
    "\x06\x0e\x2b\x34"sv,
    "\xd6\xce\xc8\xec"sv,
    "riff\x2e"sv,
    "\x47\x50"sv,
    "\0\0\xff\xff"sv,
    // Archives and what is compressed.
    "PK"sv,
    "\x1f\x8b"sv,
    "\x1f\x9d"sv,
    "\x1f\xa0"sv,
    "\x1f\x9e"sv,
    "\x1f\x1e"sv,
    "\x1f\x1f"sv,
    "\x1f\xa1"sv,
    "\xff\x1f"sv,
    "BZ"sv,
    "7z\xbc\xaf"sv,
    "\xfd\x37zXZ"sv,
    "\x28\xb5\x2f\xfd"sv,
    "\x22\xb5\x2f\xfd"sv,
    "\x23\xb5\x2f\xfd"sv,
    "\x24\xb5\x2f\xfd"sv,
    "\x25\xb5\x2f\xfd"sv,
    "\x26\xb5\x2f\xfd"sv,
    "\x27\xb5\x2f\xfd"sv,
    "\x37\xa4\x30\xec"sv,
    "\x04\x22\x4d\x18"sv,
    "\x03\x21\x4c\x18"sv,
    "\x02\x21\x4c\x18"sv,
    "\xff\6\0\0sNaPpY"sv,
    "x\x01"sv,
    "x\x5e"sv,
    "x\x9c"sv,
    "x\xda"sv,
    "\x5d\0\0"sv,
    "\x89LZO"sv,
    "\x60\xea"sv,
    "\xc7\x71"sv,
    "\x71\xc7"sv,
    "\xed\xab\xee\xdb"sv,
    "\x1a"sv,
    "DZ"sv,
    "ER"sv,
    "\x4d\x5a"sv,
    "\xce\xb2\xcf\x81"sv,
    // Documents, tables, databases, mail.
    "\xd0\xcf\x11\xe0"sv,
    "%!"sv,
    "\x04%!"sv,
    "\x1b%-12345X"sv,
    "{\\"sv,
    "\x31\xbe\0\0"sv,
    "PO^Q`"sv,
    "\xfe\x37\0\x23"sv,
    "\xdb\xa5\x2d\0"sv,
    "\xff\xff\xff\xffPK"sv,
    "\x81\xcd\xab"sv,
    "\xffWPC"sv,
    "\xf7\x02"sv,
    "\0\0\x1a\0"sv,
    "\0\x01\0\0"sv,
    "\x09\x04\6\0"sv,
    "\x09\x02\6\0"sv,
    "\x09\0\4\0"sv,
    "\xe8"sv,
    "\x78\x9f\x3e\x22"sv,
    "!BDN"sv,
    "\x3f\x5f\x03\0"sv,
    "\x4c\0\0\0"sv,
    "\x0e\x03\x13\x01"sv,
    "\x89HDF"sv,
    "CDF"sv,
    "\xcd\xf2\x60\x02"sv,
    "\xcd\xf3\0\x01"sv,
    "\x13\x57\x9a"sv,
    "\xcd\x9a\x57\x13"sv,
    "\xce\x9a\x57\x13"sv,
    "\xcf\x9a\x57\x13"sv,
    "\x61\x15\x06\0"sv,
    "\x93NUMPY"sv,
    "\x28\0"sv,
    "\x9b\xa5"sv,
    "\xcf\xad\x12\xfe"sv,
    "\x01\xfe"sv,
    "\x08\x01"sv,
    "\x08\x11"sv,
    "\x08\x09"sv,
    "\x0f\0"sv,
    "\x85\x01"sv,
    "\x85\x02"sv,
    "\x85\x03"sv,
    "\x95"sv,
    "\x99"sv,
    "\xa6\0"sv,
    "\x84\x8c"sv,
    "\x84\x5e"sv,
    "\x98"sv,
    "\xc5"sv,
    "\xc6"sv,
    "\x85\x0c"sv,
    "\xd9\xd9\xf7"sv,
    "\0\x20"sv,
    "\x07RLM"sv,
    "\0\1\0"sv,
    "\0\2\0"sv,
    // Programs, fonts, captures, keys, disks.
    "\x7f"sv,
    "\xca\xfe\xba\xbe"sv,
    "\xca\xfe\xd0\x0d"sv,
    "\xce\xfa\xed"sv,
    "\xcf\xfa\xed"sv,
    "\xfe\xed\xfa"sv,
    "\xfe\xed\xfe\xed"sv,
    "\xce\xce\xce\xce"sv,
    "\0asm"sv,
    "\xde\x12\x04\x95"sv,
    "\x95\x04\x12\xde"sv,
    "\xa1\xb2"sv,
    "\xd4\xc3\xb2\xa1"sv,
    "\x4d\x3c\xb2\xa1"sv,
    "\x0a\x0d\x0d\x0a"sv,
    "\xeb"sv,
    "\xe9"sv,
    "\xb8"sv,
    "\x0f\x02"sv,
    "\x4c\x01"sv,
    "\x64\x86"sv,
    "\x04\0\0\0"sv,
    "\0\0\0\4"sv,
    "\xfe\xff"sv,
    "\xff\xfe"sv,
    "\xff\xff"sv,
    "\xef\xbb\xbf"sv,
    "\xff\x46ON"sv,
    "\x1e\xe7\xff\0"sv,
    "ITSF"sv,
    "\xac\xed\0"sv,
    "\x15\x02"sv,
});

struct Mark {
  std::size_t at;
  std::string_view bytes;
};
constexpr std::array kMarks = std::to_array<Mark>({
    {2, "---BEGIN"sv},   {2, "\r\n"sv},       {2, "GARMIN "sv},    {2, "MMXPR3"sv},
    {2, "\0\x11"sv},     {2, "\0\x12"sv},     {2, "-lh"sv},        {2, "-lz"sv},
    {4, "ftyp"sv},       {4, "moov"sv},       {4, "mdat"sv},       {4, "idsc"sv},
    {4, "pckg"sv},       {4, "free"sv},       {4, "skip"sv},       {4, "wide"sv},
    {4, "pnot"sv},       {4, "jP  "sv},       {4, "Standard "sv},  {4, "\xef\xcd\xab\x89"sv},
    {4, "\x11\xaf"sv},   {4, "\x12\xaf"sv},   {4, "\x47\x40"sv},   {4, "PK\x01\x02"sv},
    {6, "%!"sv},         {7, "**ACE**"sv},    {8, "sdbf"sv},       {8, "\x19\x04\0\x10"sv},
    {16, "SCPECG"sv},    {20, "GIMP"sv},      {20, "GPAT"sv},      {20, "45"sv},
    {34, "LP"sv},        {36, "acsp"sv},      {44, "SCRM"sv},      {60, "BOOKMOBI"sv},
    {60, "TEXtREAd"sv},  {60, "RINEX"sv},     {128, "DICM"sv},     {257, "ustar"sv},
    {344, "n+1\0"sv},    {344, "ni1\0"sv},    {512, "\x89HDF"sv},  {1024, "\x89HDF"sv},
    {1080, "M.K."sv},    {2048, "\x89HDF"sv}, {4096, "\x89HDF"sv}, {32'769, "CD001"sv},
    {37'633, "CD001"sv},
});

/// Words, in lower case, with which lines begin that are no prose.
constexpr std::array kWords = std::to_array<std::string_view>({
    // Mail, news, calendars, subtitles and others with heads of lines.
    "begin:",
    "from ",
    "from:",
    "to:",
    "cc:",
    "received:",
    "return-path:",
    "date:",
    "subject:",
    "message-id:",
    "mime-version:",
    "delivered-to:",
    "reply-to:",
    "path:",
    "xref:",
    "article",
    "newsgroups:",
    "relay-version:",
    "forward to ",
    "pipe to ",
    "n#!",
    "babyl options:",
    "webvtt",
    "regedit",
    "windows registry",
    "wine registry",
    "id;p",
    "table",
    "warc/",
    "header ",
    "simple ",
    "grib",
    "putty-user-key",
    "gimp ",
    "splinefontdb:",
    "msgid",
    "ac1",
    "ac2",
    "mc0",
    "section",
    "p1",
    "p2",
    "p3",
    "p4",
    "p5",
    "p6",
    "p7",
    "d8:announce",
    "this is info file",
    "start component",
    "clamav-",
    "sap\r",
    "brain vision",
    "vcard",
    // Changes of sources, then sources.
    "diff ",
    "index:",
    "only in ",
    "common subdirectories",
    "---",
    "+++",
    "***",
    "import ",
    "import\t",
    "from\t",
    "class ",
    "class\t",
    "module ",
    "module.",
    "module[",
    "def ",
    "def\t",
    "extern ",
    "extern\t",
    "struct ",
    "struct\t",
    "union ",
    "union\t",
    "using ",
    "namespace ",
    "template ",
    "typedef ",
    "virtual ",
    "public:",
    "public ",
    "private:",
    "private ",
    "protected:",
    "protected ",
    "require ",
    "require(",
    "include ",
    "try:",
    "export ",
    "const ",
    "var ",
    "let ",
    "dnl",
    "ac_defun",
    "main(",
    "program ",
    "unit ",
    "function",
    "package ",
    "char ",
    "float ",
    "double ",
    "c ",
    "c\t",
    "begin\n",
    "end;",
    "all:",
    "eval ",
    "proc ",
    "\"use strict",
    "'use strict",
    "\"libhdr",
});

constexpr std::size_t kWordBytesMax = 24;

/// What is shorter may be a signature and nothing else, and is told quickly.
constexpr std::size_t kSignlessBytesMin = 16;

constexpr bool is_printable(char c) noexcept {
  return c >= 0x20 && c < 0x7f;
}
constexpr bool is_letter(char c) noexcept {
  return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}
constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}
constexpr bool is_break(char c) noexcept {
  return c == '\n' || c == '\r' || c == '\f';
}

/// Whether a text may hold this byte: not DEL, nor the control codes that no text has.
constexpr bool is_of_text(char c) noexcept {
  const auto code = static_cast<unsigned char>(c);
  return code >= 0x20 ? code != 0x7f : (code >= 7 && code <= 13) || code == 0x1b;
}

bool shows_marks(std::string_view bytes) noexcept {
  return std::ranges::any_of(kMarks, [bytes](const Mark& mark) {
    return bytes.size() > mark.at && bytes.substr(mark.at).starts_with(mark.bytes);
  });
}

bool shows_binary_signs(std::string_view bytes) noexcept {
  if (bytes.size() >= 3 && std::ranges::all_of(bytes.substr(0, 3), is_printable)) return true;
  return std::ranges::any_of(
      kPrefixes, [bytes](std::string_view prefix) { return bytes.starts_with(prefix); });
}

/// What prose may begin with: a letter, a digit, a quotation, anything beyond ASCII.
bool begins_as_prose(char c) noexcept {
  return is_letter(c) || is_digit(c) || c == '"' || c == '\'' || c == '-' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool begins_with_word(std::string_view line) noexcept {
  std::array<char, kWordBytesMax> lower;
  const std::size_t size = std::min(line.size(), lower.size());
  for (std::size_t at = 0; at < size; ++at)
    lower[at] = line[at] >= 'A' && line[at] <= 'Z' ? static_cast<char>(line[at] | 0x20) : line[at];
  const std::string_view folded(lower.data(), size);
  return std::ranges::any_of(kWords,
                             [folded](std::string_view word) { return folded.starts_with(word); });
}

/// Sources, markup and settings have some of these nearly everywhere, prose has them seldom.
constexpr bool is_of_code(char c) noexcept {
  return c == '<' || c == '>' || c == '{' || c == '}' || c == '\\' || c == '=' || c == '#';
}

/// With which lines of assemblers, manual pages, Lisp and settings begin.
constexpr bool begins_code(char c) noexcept {
  return c == '.' || c == '(' || c == '[' || c == '@' || c == '%' || c == ':' || c == ';' ||
         c == '/' || c == '$';
}

/// Whether the first two lines have the same number of commas: a table.
bool shows_columns(std::string_view text) noexcept {
  const auto line_end = [](std::string_view in) { return std::min(in.find('\n'), in.size()); };
  const std::size_t first = line_end(text);
  if (first == text.size()) return false;
  const std::string_view rest = text.substr(first + 1);
  const auto commas = std::ranges::count(text.substr(0, first), ',');
  return commas > 0 && commas == std::ranges::count(rest.substr(0, line_end(rest)), ',');
}

bool shows_text_signs(std::string_view text) noexcept {
  bool is_at_start = true;  // of a line
  bool is_first = true;     // nothing but blanks so far
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (is_of_code(c)) return true;
    if (is_break(c)) is_at_start = true;
    if (!is_at_start || is_blank(c) || is_break(c)) continue;
    if (is_first ? !begins_as_prose(c) : begins_code(c)) return true;
    if (begins_with_word(text.substr(at))) return true;
    is_at_start = is_first = false;
  }
  return shows_columns(text);
}

}  // namespace

bool shows_type_signs(Bytes beginning) noexcept {
  const std::string_view bytes = as_text(beginning);
  const std::string_view searched = bytes.substr(0, kSignBytes);
  if (bytes.size() < kSignlessBytesMin || shows_marks(bytes)) return true;
  return std::ranges::all_of(searched, is_of_text) ? shows_text_signs(searched)
                                                   : shows_binary_signs(bytes);
}

}  // namespace mooring
