#include "load/answer.h"

#include <algorithm>
#include <charconv>

#include "mooring/http/request_head.h"

namespace mooring {

namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::unexpected<Error> no_answer() {
  return fail(Errc::bad_framing, "the head of a response");
}

}  // namespace

Result<std::optional<std::size_t>> AnswerParser::parse(std::string_view window, bool to_head) {
  // The end may lie across what was searched and what is new.
  const std::size_t from = searched_ < kEndOfHead.size() ? 0 : searched_ - (kEndOfHead.size() - 1);
  const std::size_t end = window.find(kEndOfHead, from);
  if (end == std::string_view::npos) {
    searched_ = window.size();
    return std::nullopt;
  }
  if (Status parsed = parse_lines(window.substr(0, end), to_head); !parsed)
    return std::unexpected(parsed.error());
  return end + kEndOfHead.size();
}

Status AnswerParser::parse_lines(std::string_view lines, bool to_head) {
  head_.keep_alive = true;
  head_.has_retry_after = has_length_ = is_chunked_ = false;
  head_.content_length = 0;
  head_.etag.clear();
  head_.location.clear();
  head_.content_range.clear();
  std::size_t end = std::min(lines.find("\r\n"), lines.size());
  if (Status line = parse_status_line(lines.substr(0, end)); !line) return line;
  while (end < lines.size()) {
    lines.remove_prefix(end + 2);
    end = std::min(lines.find("\r\n"), lines.size());
    const std::string_view line = lines.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos || line.front() == ' ' ||
        line.front() == '\t')
      return no_answer();
    if (Status field = take_field(line.substr(0, colon), without_blanks(line.substr(colon + 1)));
        !field)
      return field;
  }
  if (has_length_ && is_chunked_) return no_answer();
  const int status = head_.status;
  if (to_head || status < 200 || status == 204 || status == 304)
    head_.body = AnswerBody::none;
  else if (is_chunked_)
    head_.body = AnswerBody::chunked;
  else
    head_.body = has_length_ ? AnswerBody::length : AnswerBody::until_close;
  if (head_.body == AnswerBody::until_close) head_.keep_alive = false;
  return {};
}

Status AnswerParser::parse_status_line(std::string_view line) {
  // "HTTP/1.1 200 OK"
  constexpr std::string_view kVersion = "HTTP/1.";
  constexpr std::size_t kStatusAt = 9;
  if (!line.starts_with(kVersion) || line.size() < kStatusAt + 3 || line[kStatusAt - 1] != ' ')
    return no_answer();
  head_.keep_alive = line[kVersion.size()] != '0';
  const std::optional<std::uint64_t> status = number_of(line.substr(kStatusAt, 3));
  if (!status || *status < 100 || *status > 599) return no_answer();
  head_.status = static_cast<int>(*status);
  return {};
}

Status AnswerParser::take_field(std::string_view name, std::string_view value) {
  if (equal_ignoring_case(name, "content-length")) {
    const std::optional<std::uint64_t> length = number_of(value);
    if (!length || has_length_) return no_answer();
    has_length_ = true;
    head_.content_length = *length;
  } else if (equal_ignoring_case(name, "transfer-encoding")) {
    if (!equal_ignoring_case(value, "chunked") || is_chunked_) return no_answer();
    is_chunked_ = true;
  } else if (equal_ignoring_case(name, "connection")) {
    if (equal_ignoring_case(value, "close")) head_.keep_alive = false;
    if (equal_ignoring_case(value, "keep-alive")) head_.keep_alive = true;
  } else if (equal_ignoring_case(name, "etag")) {
    head_.etag = value;
  } else if (equal_ignoring_case(name, "location")) {
    head_.location = value;
  } else if (equal_ignoring_case(name, "content-range")) {
    head_.content_range = value;
  } else if (equal_ignoring_case(name, "retry-after")) {
    head_.has_retry_after = true;
  }
  return {};
}

std::optional<ContentRange> parse_content_range(std::string_view value) noexcept {
  constexpr std::string_view kUnit = "bytes ";
  if (!value.starts_with(kUnit)) return std::nullopt;
  value.remove_prefix(kUnit.size());
  const std::size_t dash = value.find('-');
  const std::size_t slash = value.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash)
    return std::nullopt;
  const auto first = number_of(value.substr(0, dash));
  const auto last = number_of(value.substr(dash + 1, slash - dash - 1));
  const auto total = number_of(value.substr(slash + 1));
  if (!first || !last || !total || *first > *last || *last >= *total) return std::nullopt;
  return ContentRange{*first, *total};
}

}  // namespace mooring
