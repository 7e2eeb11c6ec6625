#include "mooring/http/media_type.h"

#include "grammar.h"
#include "parameters.h"

namespace mooring {

Result<MediaType> parse_media_type(std::string_view text) {
  text = Grammar::trim(text);
  const std::string_view essence = Grammar::trim(text.substr(0, text.find(';')));
  const std::size_t slash = essence.find('/');
  if (slash == std::string_view::npos || !Grammar::is_token(essence.substr(0, slash)) ||
      !Grammar::is_token(essence.substr(slash + 1)))
    return fail(Errc::invalid, "media type");
  MediaType type{Grammar::lower(essence), {}};
  ParameterReader reader(text.substr(std::min(text.find(';'), text.size())), Escapes::http);
  while (reader.next()) type.parameters.push_back({reader.name(), reader.value()});
  if (reader.failed()) return fail(Errc::invalid, "parameters of a media type");
  return type;
}

std::optional<std::string_view> MediaType::parameter(std::string_view name) const noexcept {
  for (const Parameter& candidate : parameters)
    if (candidate.name == name) return candidate.value;
  return std::nullopt;
}

SniffedType sniff(Bytes first_bytes) noexcept {
  using std::string_view_literals::operator""sv;
  const std::string_view text = as_text(first_bytes);
  if (text.starts_with("\xff\xd8\xff"sv)) return SniffedType::jpeg;
  if (text.starts_with("\x89PNG\r\n\x1a\n"sv)) return SniffedType::png;
  if (text.starts_with("RIFF"sv) && text.size() >= 12 && text.substr(8, 4) == "WEBP"sv)
    return SniffedType::webp;
  if (text.starts_with("GIF87a"sv) || text.starts_with("GIF89a"sv)) return SniffedType::gif;
  if (text.starts_with("%PDF-"sv)) return SniffedType::pdf;
  // "BM" begins many texts; the four reserved bytes of the file header are zero in every bitmap.
  if (text.starts_with("BM"sv) && text.size() >= 10 && text.substr(6, 4) == "\0\0\0\0"sv)
    return SniffedType::bmp;
  return SniffedType::unknown;
}

std::string_view mime_of(SniffedType type) noexcept {
  switch (type) {
    case SniffedType::jpeg:
      return "image/jpeg";
    case SniffedType::png:
      return "image/png";
    case SniffedType::webp:
      return "image/webp";
    case SniffedType::gif:
      return "image/gif";
    case SniffedType::bmp:
      return "image/bmp";
    case SniffedType::pdf:
      return "application/pdf";
    case SniffedType::unknown:
      break;
  }
  return "application/octet-stream";
}

}  // namespace mooring
