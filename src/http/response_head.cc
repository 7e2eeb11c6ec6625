#include "mooring/http/response_head.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "grammar.h"
#include "mooring/base/check.h"
#include "mooring/http/request_head.h"

namespace mooring {

namespace {

constexpr std::pair<int, std::string_view> kReasonPhrases[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

bool is_managed(std::string_view name) noexcept {
  for (const std::string_view managed :
       {"Content-Length", "Transfer-Encoding", "Connection", "Date"})
    if (equal_ignoring_case(name, managed)) return true;
  return false;
}

// A value may hold any byte but these three; other controls have no business in ours either.
bool is_safe_value(std::string_view value) noexcept {
  return !Grammar::has_control(value);
}

}  // namespace

std::string_view reason_phrase(int status) noexcept {
  for (const auto& [code, phrase] : kReasonPhrases)
    if (code == status) return phrase;
  return "Unknown";
}

int status_of(Errc code) noexcept {
  switch (code) {
    case Errc::peer_closed:
    case Errc::bad_framing:
    case Errc::invalid:
      return 400;
    case Errc::unauthenticated:
      return 401;
    case Errc::forbidden:
      return 403;
    case Errc::not_found:
      return 404;
    case Errc::method_not_allowed:
      return 405;
    case Errc::timed_out:
      return 408;
    case Errc::conflict:
    case Errc::exists:
    case Errc::stale:
      return 409;
    case Errc::length_required:
      return 411;
    case Errc::precondition_failed:
      return 412;
    case Errc::too_large:
      return 413;
    case Errc::uri_too_long:
      return 414;
    case Errc::unsupported_media:
      return 415;
    case Errc::range_not_satisfiable:
      return 416;
    case Errc::expectation_failed:
      return 417;
    case Errc::unprocessable:
      return 422;
    case Errc::throttled:
      return 429;
    case Errc::head_too_large:
      return 431;
    case Errc::not_implemented:
      return 501;
    case Errc::cancelled:
    case Errc::overloaded:
    case Errc::draining:
      return 503;
    case Errc::no_space:
      return 507;
    case Errc::io_error:
    case Errc::sync_failed:
    case Errc::corrupt:
    case Errc::internal:
      return 500;
  }
  return 500;
}

ResponseHead::ResponseHead(int status) : status_(status) {
  MOORING_CHECK(status >= 100 && status <= 599, "not a status");
  lines_.reserve(512);  // the fields of a download
}

ResponseHead& ResponseHead::add(std::string_view name, std::string_view value) {
  MOORING_CHECK(Grammar::is_token(name) && !is_managed(name), "I1: name of a field");
  MOORING_CHECK(is_safe_value(value), "I1: value of a field");
  lines_.append(name).append(": ").append(value).append("\r\n");
  return *this;
}

ResponseHead& ResponseHead::add(std::string_view name, std::uint64_t value) {
  return add(name, std::string_view(fmt::format_int(value).c_str()));
}

ResponseHead& ResponseHead::content_length(std::uint64_t bytes) noexcept {
  content_length_ = bytes;
  return *this;
}

ResponseHead& ResponseHead::chunked() noexcept {
  chunked_ = true;
  return *this;
}

ResponseHead& ResponseHead::date(std::string_view http_date) {
  MOORING_CHECK(is_safe_value(http_date), "I1: Date");
  date_ = http_date;
  return *this;
}

ResponseHead& ResponseHead::persistence(Persistence persistence) noexcept {
  persistence_ = persistence;
  return *this;
}

void ResponseHead::serialise(std::string& out) const {
  const bool bodiless = status_ < 200 || status_ == 204;
  MOORING_CHECK(!chunked_ || (!content_length_ && !bodiless && status_ != 304), "I2: two lengths");
  MOORING_CHECK(!bodiless || content_length_.value_or(0) == 0, "I2: a body where none may be");
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", status_, reason_phrase(status_));
  out.append(lines_);
  if (!date_.empty()) out.append("Date: ").append(date_).append("\r\n");
  if (persistence_ == Persistence::close) out.append("Connection: close\r\n");
  if (persistence_ == Persistence::keep_alive) out.append("Connection: keep-alive\r\n");
  if (chunked_) {
    out.append("Transfer-Encoding: chunked\r\n");
  } else if (!bodiless && (status_ != 304 || content_length_)) {
    const fmt::format_int length(content_length_.value_or(0));
    out.append("Content-Length: ").append(length.data(), length.size()).append("\r\n");
  }
  out.append("\r\n");
}

}  // namespace mooring
