#include "mooring/http/multipart.h"

#include <algorithm>
#include <cstring>

#include "grammar.h"
#include "mooring/base/check.h"
#include "mooring/http/media_type.h"

namespace mooring {

namespace {

using Event = MultipartParser::Event;
using EventKind = MultipartParser::EventKind;
using Input = MultipartParser::Input;

std::unexpected<Error> bad(const char* where) {
  return fail(Errc::invalid, where);
}

// More bytes are needed; at the end of the input that is the error `where`.
Result<Event> need_more(std::size_t consumed, Input input, const char* where) {
  if (input == Input::at_end) return bad(where);
  return Event{EventKind::need_more, consumed};
}

}  // namespace

MultipartParser::MultipartParser(const Boundary& boundary, const MultipartLimits& limits)
    : limits_(limits) {
  MOORING_CHECK(boundary.text_bytes > 0, "an empty boundary");
  std::memcpy(needle_.data(), "\r\n--", 4);
  std::memcpy(needle_.data() + 4, boundary.text.data(), boundary.text_bytes);
  needle_bytes_ = 4 + boundary.text_bytes;
}

Result<Event> MultipartParser::next(Bytes window, Input input) {
  const std::string_view text = as_text(window);
  switch (state_) {
    case State::start:
      return at_start(text, input);
    case State::preamble:
      return in_preamble(text, input);
    case State::delimiter_tail:
      return in_delimiter_tail(text, 0, input);
    case State::part_head:
      return in_part_head(text, 0, input);
    case State::content:
      return in_content(text, input);
    case State::epilogue:
      break;
  }
  return Event{EventKind::done, text.size()};
}

// A delimiter at byte 0 has no CR LF in front of it.
Result<Event> MultipartParser::at_start(std::string_view window, Input input) {
  const std::string_view first = needle().substr(2);
  const std::size_t common = std::min(window.size(), first.size());
  Candidate candidate = Candidate::content;
  if (window.substr(0, common) == first.substr(0, common))
    candidate = common < first.size() ? Candidate::undecided : judge(window.substr(common));
  if (candidate == Candidate::undecided) return need_more(0, input, "no delimiter");
  if (candidate == Candidate::content) {
    state_ = State::preamble;
    return in_preamble(window, input);
  }
  state_ = State::delimiter_tail;
  return in_delimiter_tail(window, first.size(), input);
}

Result<Event> MultipartParser::in_preamble(std::string_view window, Input input) {
  bool delimiter = false;
  const std::size_t skipped = decided_content(window, delimiter);
  preamble_bytes_ += skipped;
  if (preamble_bytes_ > limits_.preamble_bytes_max) return bad("long preamble");
  if (!delimiter) return need_more(skipped, input, "no delimiter");
  state_ = State::delimiter_tail;
  return in_delimiter_tail(window, skipped + needle_bytes_, input);
}

// Behind a boundary that judge() called a delimiter: "--", or blanks and CR LF. `at` bytes of the
// window lie in front. A form without parts is legal here: browsers send it.
Result<Event> MultipartParser::in_delimiter_tail(std::string_view window, std::size_t at,
                                                 Input input) {
  if (padding_bytes_ == 0 && window.substr(at).starts_with("--")) {
    state_ = State::epilogue;
    return Event{EventKind::done, at + 2};
  }
  for (; at < window.size() && Grammar::is_blank(window[at]); ++at) ++padding_bytes_;
  if (padding_bytes_ > limits_.padding_bytes_max) return bad("padding of a delimiter");
  const std::string_view rest = window.substr(at);
  if (rest.empty() || rest == "\r" || (padding_bytes_ == 0 && rest == "-"))
    return need_more(at, input, "delimiter line");
  if (!rest.starts_with("\r\n")) return bad("delimiter line");
  if (const Status status = begin_part(); !status) return std::unexpected(status.error());
  return in_part_head(rest.substr(2), at + 2, input);
}

Status MultipartParser::begin_part() {
  if (parts_ == limits_.parts_max) return fail(Errc::too_large, "number of parts");
  ++parts_;
  part_.name.clear();
  part_.filename.reset();
  part_.content_type.reset();
  part_named_ = part_encoded_ = false;
  part_fields_ = part_head_bytes_ = line_scanned_ = padding_bytes_ = text_bytes_ = 0;
  state_ = State::part_head;
  return {};
}

// Field lines are taken off one by one, so that limits bite at the line that breaks them.
// `consumed` is what the caller has to drop in front of `window`.
Result<Event> MultipartParser::in_part_head(std::string_view window, std::size_t consumed,
                                            Input input) {
  for (;;) {
    const std::size_t room = limits_.part_head_bytes_max - part_head_bytes_;
    const std::string_view visible = window.substr(0, room);
    const std::size_t end = visible.find('\r', line_scanned_);
    if (end == std::string_view::npos || end + 1 == visible.size()) {
      if (visible.size() == room) return bad("long part head");
      line_scanned_ = end == std::string_view::npos ? visible.size() : end;
      return need_more(consumed, input, "part head");
    }
    if (visible[end + 1] != '\n') return bad("bare CR in a part head");
    const std::string_view line = visible.substr(0, end);
    window.remove_prefix(end + 2);
    consumed += end + 2;
    part_head_bytes_ += end + 2;
    line_scanned_ = 0;
    if (line.empty()) break;
    if (++part_fields_ > limits_.part_fields_max) return bad("fields of a part");
    if (const Status status = part_field(line); !status) return std::unexpected(status.error());
  }
  if (!part_named_) return bad("no Content-Disposition");
  state_ = State::content;
  return Event{EventKind::part_begin, consumed};
}

// Everything that cannot be part of a delimiter is content at once.
Result<Event> MultipartParser::in_content(std::string_view window, Input input) {
  bool delimiter = false;
  const std::size_t content = decided_content(window, delimiter);
  if (content > 0) {
    if (const Status status = count_text(content); !status) return std::unexpected(status.error());
    return Event{EventKind::data, content, content};
  }
  if (!delimiter) return need_more(0, input, "no close delimiter");
  state_ = State::delimiter_tail;
  padding_bytes_ = 0;
  return Event{EventKind::part_end, needle_bytes_};
}

Status MultipartParser::count_text(std::size_t bytes) {
  if (part_.is_file()) return {};
  text_bytes_ += bytes;
  text_total_bytes_ += bytes;
  if (text_bytes_ > limits_.text_field_bytes_max ||
      text_total_bytes_ > limits_.text_total_bytes_max)
    return fail(Errc::too_large, "text field");
  return {};
}

// What follows a boundary decides whether it ends a part. A blank commits: what then is no
// delimiter line is refused, for readers differ about it.
MultipartParser::Candidate MultipartParser::judge(std::string_view after_boundary) const noexcept {
  if (after_boundary.empty()) return Candidate::undecided;
  const char c = after_boundary.front();
  if (Grammar::is_blank(c)) return Candidate::delimiter;
  if (c != '\r' && c != '-') return Candidate::content;
  if (after_boundary.size() < 2) return Candidate::undecided;
  const bool ends = c == '\r' ? after_boundary[1] == '\n' : after_boundary[1] == '-';
  return ends ? Candidate::delimiter : Candidate::content;
}

// How many bytes in front are surely not of a delimiter; `delimiter` says whether one starts right
// there.
std::size_t MultipartParser::decided_content(std::string_view window,
                                             bool& delimiter) const noexcept {
  std::size_t from = 0;
  for (;;) {
    const std::size_t hit = find_delimiter(window.substr(from), needle());
    if (hit == std::string_view::npos) break;
    const std::size_t at = from + hit;
    const Candidate candidate = judge(window.substr(at + needle_bytes_));
    if (candidate != Candidate::content) {
      delimiter = candidate == Candidate::delimiter;
      return at;
    }
    from = at + needle_bytes_;
  }
  // No whole boundary: a beginning of one may stand at the very end.
  std::size_t at = std::max(from, window.size() - std::min(window.size(), needle_bytes_ - 1));
  for (; at < window.size(); ++at) {
    at = window.find('\r', at);
    if (at == std::string_view::npos) return window.size();
    if (needle().starts_with(window.substr(at))) return at;
  }
  return window.size();
}

Result<Boundary> boundary_of(std::string_view content_type) {
  const Result<MediaType> type = parse_media_type(content_type);
  if (!type) return std::unexpected(type.error());
  if (type->essence != "multipart/form-data")
    return fail(Errc::unsupported_media, "not multipart/form-data");
  std::string_view text;
  std::size_t count = 0;
  for (const MediaType::Parameter& parameter : type->parameters) {
    if (parameter.name != "boundary") continue;
    text = parameter.value;
    ++count;
  }
  if (count != 1 || text.empty() || text.size() > kBoundaryBytesMax || text.back() == ' ')
    return bad("boundary");
  for (const char c : text) {
    const bool letter = Grammar::lower(c) >= 'a' && Grammar::lower(c) <= 'z';
    if (!letter && !Grammar::is_digit(c) &&
        std::string_view("'()+_,-./:=? ").find(c) == std::string_view::npos)
      return bad("boundary");
  }
  Boundary boundary;
  std::memcpy(boundary.text.data(), text.data(), text.size());
  boundary.text_bytes = text.size();
  return boundary;
}

}  // namespace mooring
