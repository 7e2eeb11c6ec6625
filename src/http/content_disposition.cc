#include "mooring/http/content_disposition.h"

#include "grammar.h"
#include "mooring/base/check.h"
#include "mooring/base/utf8.h"
#include "mooring/http/limits.h"
#include "mooring/http/request_head.h"
#include "mooring/http/target.h"
#include "parameters.h"

namespace mooring {

namespace {

std::unexpected<Error> bad(const char* where) {
  return fail(Errc::invalid, where);
}

// Characters that change how a name looks without being seen: bidirectional controls (RTL override
// turns "gpj.exe" into "exe.jpg"), zero-width ones, line separators, and the C1 controls.
bool is_invisible(char32_t c) noexcept {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

// The code point at the front of valid, non-empty UTF-8, and its length.
std::pair<char32_t, std::size_t> front(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  char32_t c = length == 1 ? lead : lead & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i)
    c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  return {c, length};
}

// charset "'" [ language ] "'" percent-encoded, RFC 8187; UTF-8, and ISO-8859-1 from older senders.
Result<std::string> decode_extended(std::string_view value) {
  const std::size_t first = value.find('\'');
  const std::size_t second = first == std::string_view::npos ? first : value.find('\'', first + 1);
  if (second == std::string_view::npos) return bad("ext-value");
  std::string bytes;
  if (const Status status = percent_decode(value.substr(second + 1), bytes); !status)
    return std::unexpected(status.error());
  const std::string_view charset = value.substr(0, first);
  if (equal_ignoring_case(charset, "UTF-8")) return bytes;
  if (!equal_ignoring_case(charset, "ISO-8859-1")) return bad("charset of an ext-value");
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text.push_back(c);
    } else {
      text.push_back(static_cast<char>(0xc0 | byte >> 6));
      text.push_back(static_cast<char>(0x80 | (byte & 0x3f)));
    }
  }
  return text;
}

struct RawParameters {
  std::optional<std::string> name, filename, extended;
};

Result<RawParameters> read_parameters(std::string_view text, DispositionDialect dialect) {
  ParameterReader reader(
      text, dialect == DispositionDialect::form_data ? Escapes::form_data : Escapes::http);
  RawParameters raw;
  while (reader.next()) {
    std::optional<std::string>* slot = nullptr;
    if (reader.name() == "name") slot = &raw.name;
    if (reader.name() == "filename") slot = &raw.filename;
    if (reader.name() == "filename*") slot = &raw.extended;
    if (slot == nullptr) continue;
    if (*slot) return bad("a parameter twice");
    *slot = reader.value();
  }
  if (reader.failed()) return bad("parameters");
  return raw;
}

}  // namespace

Result<std::string> sanitise_filename(std::string_view text) {
  if (text.find('\0') != std::string_view::npos || !valid_utf8(text)) return bad("file name");
  if (const std::size_t slash = text.find_last_of("/\\"); slash != std::string_view::npos)
    text.remove_prefix(slash + 1);
  std::string name;
  while (!text.empty()) {
    const auto [character, length] = front(text);
    if (!is_invisible(character)) name.append(text.substr(0, length));
    text.remove_prefix(length);
  }
  name.resize(truncate_utf8(name, kFilenameBytesMax).size());
  if (name.find_first_not_of('.') == std::string::npos) name.clear();
  return name;
}

Result<ContentDisposition> parse_content_disposition(std::string_view value,
                                                     DispositionDialect dialect) {
  const std::size_t semicolon = std::min(value.find(';'), value.size());
  const std::string_view type = Grammar::trim(value.substr(0, semicolon));
  if (!Grammar::is_token(type)) return bad("disposition type");
  Result<RawParameters> raw = read_parameters(value.substr(semicolon), dialect);
  if (!raw) return std::unexpected(raw.error());

  ContentDisposition disposition{Grammar::lower(type), std::move(raw->name), std::nullopt};
  if (disposition.name &&
      (disposition.name->find('\0') != std::string::npos || !valid_utf8(*disposition.name)))
    return bad("name");
  if (raw->filename) {
    auto safe = sanitise_filename(*raw->filename);
    if (!safe) return std::unexpected(safe.error());
    disposition.filename = std::move(*safe);
  }
  if (raw->extended) {
    const auto decoded = decode_extended(*raw->extended);
    if (!decoded) return std::unexpected(decoded.error());
    auto safe = sanitise_filename(*decoded);
    if (!safe) return std::unexpected(safe.error());
    disposition.filename = std::move(*safe);
  }
  return disposition;
}

std::string format_content_disposition(DispositionType type, std::string_view filename) {
  std::string out = type == DispositionType::attachment ? "attachment" : "inline";
  if (filename.empty()) return out;
  MOORING_CHECK(valid_utf8(filename), "a file name that was not sanitised");
  std::string fallback;
  for (std::string_view rest = filename; !rest.empty(); rest.remove_prefix(front(rest).second)) {
    const char c = rest.front();
    const bool plain = (Grammar::lower(c) >= 'a' && Grammar::lower(c) <= 'z') ||
                       Grammar::is_digit(c) || c == ' ' || c == '.' || c == '_' || c == '-';
    fallback.push_back(plain ? c : '_');
  }
  out.append("; filename=\"").append(fallback).append("\"");
  if (fallback != filename) {
    out.append("; filename*=UTF-8''");
    percent_encode(filename, out);
  }
  return out;
}

}  // namespace mooring
