#include "mooring/api/body_parts.h"

#include "mooring/http/content_disposition.h"

namespace mooring {

namespace {

// The name of a raw upload: Content-Disposition wins over ?filename=; neither: no name.
Result<std::string> raw_filename(const Exchange& exchange) {
  if (const auto field = exchange.head.find("content-disposition")) {
    Result<ContentDisposition> parsed =
        parse_content_disposition(*field, DispositionDialect::header);
    if (!parsed) return std::unexpected(parsed.error());
    if (parsed->filename) return *parsed->filename;
  }
  return sanitise_filename(exchange.query.find("filename").value_or(""));
}

bool is_form(std::string_view content_type) {
  constexpr std::string_view kMultipart = "multipart/";
  return content_type.size() >= kMultipart.size() &&
         equal_ignoring_case(content_type.substr(0, kMultipart.size()), kMultipart);
}

}  // namespace

RawUploads raw_if_image(const RequestHead& head) {
  const Result<MediaType> type = parse_media_type(head.find("content-type").value_or(""));
  const bool is_raw =
      type && (type->essence.starts_with("image/") || type->essence == "application/octet-stream");
  return is_raw ? RawUploads::accepted : RawUploads::refused;
}

Result<BodyParts> BodyParts::of(const Exchange& exchange, const UploadRules& rules) {
  const std::optional<std::string_view> type = exchange.head.find("content-type");
  BodyParts parts;
  if (rules.raw == RawUploads::accepted && !is_form(type.value_or(""))) {
    Result<std::string> filename = raw_filename(exchange);
    if (!filename) return std::unexpected(filename.error());
    parts.raw_part_.name = rules.file_field;
    parts.raw_part_.filename = std::move(*filename);
    if (type) parts.raw_part_.content_type = std::string(*type);
    return parts;
  }
  Result<Boundary> boundary = boundary_of(type.value_or(""));
  if (!boundary) return std::unexpected(boundary.error());
  parts.parser_.emplace(*boundary);
  parts.closing_bytes_ = boundary->text_bytes + 8;
  return parts;
}

Result<BodyParts::Event> BodyParts::next(Bytes window, Input input) {
  if (parser_) return parser_->next(window, input);
  switch (raw_) {
    case Raw::begin:
      raw_ = Raw::content;
      return Event{EventKind::part_begin};
    case Raw::content:
      if (!window.empty()) return Event{EventKind::data, window.size(), window.size()};
      if (input == Input::more_may_follow) return Event{EventKind::need_more};
      raw_ = Raw::end;
      return Event{EventKind::part_end};
    case Raw::end:
      return Event{EventKind::done};
  }
  return Event{EventKind::done};
}

}  // namespace mooring
