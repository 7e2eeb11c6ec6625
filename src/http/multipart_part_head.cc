#include "grammar.h"
#include "mooring/http/content_disposition.h"
#include "mooring/http/media_type.h"
#include "mooring/http/multipart.h"
#include "mooring/http/request_head.h"

namespace mooring {

namespace {

Status bad(const char* where) {
  return fail(Errc::invalid, where);
}

bool names_encoding_of_identity(std::string_view value) noexcept {
  return equal_ignoring_case(value, "7bit") || equal_ignoring_case(value, "8bit") ||
         equal_ignoring_case(value, "binary");
}

}  // namespace

// One field line without its CR LF. Folded lines begin with a blank, which no name does.
Status MultipartParser::part_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !Grammar::is_token(line.substr(0, colon)))
    return bad("name of a part field");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = Grammar::trim(line.substr(colon + 1));
  if (Grammar::has_control(value)) return bad("control in a part field");

  if (equal_ignoring_case(name, "Content-Disposition")) {
    if (part_named_) return bad("two Content-Dispositions");
    auto parsed = parse_content_disposition(value, DispositionDialect::form_data);
    if (!parsed) return std::unexpected(parsed.error());
    if (parsed->type != "form-data" || !parsed->name || parsed->name->empty() ||
        parsed->name->size() > limits_.name_bytes_max || Grammar::has_control(*parsed->name))
      return bad("name of a part");
    part_.name = std::move(*parsed->name);
    part_.filename = std::move(parsed->filename);
    part_named_ = true;
  } else if (equal_ignoring_case(name, "Content-Type")) {
    if (part_.content_type) return bad("two Content-Types");
    if (value.size() >= 10 && equal_ignoring_case(value.substr(0, 10), "multipart/"))
      return bad("nested multipart");
    part_.content_type = value;
  } else if (equal_ignoring_case(name, "Content-Transfer-Encoding")) {
    if (part_encoded_ || !names_encoding_of_identity(value)) return bad("transfer encoding");
    part_encoded_ = true;
  }
  return {};
}

}  // namespace mooring
