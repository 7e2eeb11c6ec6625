// BodyParts: the parts of an upload's body, whether it is a form or the file itself.
//
// A form is parsed by MultipartParser; a raw body is shown as one file part that ends with the
// body. So the receiver (api/upload.h) knows one kind of body. Same pull interface and same
// invariants as the parser.
#pragma once

#include <optional>

#include "mooring/api/upload.h"
#include "mooring/http/multipart.h"

namespace mooring {

class BodyParts {
 public:
  using Event = MultipartParser::Event;
  using EventKind = MultipartParser::EventKind;
  using Input = MultipartParser::Input;

  /// What the head of `exchange` says about its body under `rules`. Errors: unsupported_media (not
  /// a form where one is wanted), invalid (a bad boundary or Content-Disposition).
  [[nodiscard]] static Result<BodyParts> of(const Exchange& exchange, const UploadRules& rules);

  [[nodiscard]] Result<Event> next(Bytes window, Input input);
  [[nodiscard]] const PartHead& part() const noexcept {
    return parser_ ? parser_->part() : raw_part_;
  }
  [[nodiscard]] bool is_raw() const noexcept { return !parser_; }
  /// Bytes that follow the last part, at least: CRLF, the boundary between dashes, CRLF.
  [[nodiscard]] std::size_t closing_bytes() const noexcept { return closing_bytes_; }

 private:
  enum class Raw : std::uint8_t { begin, content, end };

  std::optional<MultipartParser> parser_;
  PartHead raw_part_;
  Raw raw_ = Raw::begin;
  std::size_t closing_bytes_ = 0;
};

}  // namespace mooring
