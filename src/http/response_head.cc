#include "mooring/http/response_head.h"

#include <fmt/format.h>

#include <iterator>

#include "grammar.h"
#include "mooring/base/check.h"
#include "mooring/http/request_head.h"

namespace mooring {

namespace {

bool is_managed(std::string_view name) noexcept {
  for (const std::string_view managed :
       {"Content-Length", "Transfer-Encoding", "Connection", "Date"})
    if (equal_ignoring_case(name, managed)) return true;
  return false;
}

// A value may hold any byte but these three; other controls have no business in ours either.
bool is_safe_value(std::string_view value) noexcept {
  return !grammar::has_control(value);
}

}  // namespace

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Unknown";
  }
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
}

ResponseHead& ResponseHead::add(std::string_view name, std::string_view value) {
  MOORING_CHECK(grammar::is_token(name) && !is_managed(name), "I1: name of a field");
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
