#include "mooring/base/result.h"

#include <fmt/format.h>

#include <cstring>

namespace mooring {

std::string_view name_of(Errc code) noexcept {
  switch (code) {
    case Errc::peer_closed:
      return "peer_closed";
    case Errc::timed_out:
      return "timed_out";
    case Errc::cancelled:
      return "cancelled";
    case Errc::bad_framing:
      return "bad_framing";
    case Errc::invalid:
      return "invalid";
    case Errc::unauthenticated:
      return "unauthenticated";
    case Errc::forbidden:
      return "forbidden";
    case Errc::not_found:
      return "not_found";
    case Errc::method_not_allowed:
      return "method_not_allowed";
    case Errc::conflict:
      return "conflict";
    case Errc::length_required:
      return "length_required";
    case Errc::precondition_failed:
      return "precondition_failed";
    case Errc::too_large:
      return "too_large";
    case Errc::uri_too_long:
      return "uri_too_long";
    case Errc::unsupported_media:
      return "unsupported_media";
    case Errc::range_not_satisfiable:
      return "range_not_satisfiable";
    case Errc::expectation_failed:
      return "expectation_failed";
    case Errc::unprocessable:
      return "unprocessable";
    case Errc::throttled:
      return "throttled";
    case Errc::head_too_large:
      return "head_too_large";
    case Errc::not_implemented:
      return "not_implemented";
    case Errc::overloaded:
      return "overloaded";
    case Errc::draining:
      return "draining";
    case Errc::no_space:
      return "no_space";
    case Errc::io_error:
      return "io_error";
    case Errc::sync_failed:
      return "sync_failed";
    case Errc::corrupt:
      return "corrupt";
    case Errc::exists:
      return "exists";
    case Errc::stale:
      return "stale";
    case Errc::internal:
      return "internal";
  }
  return "unknown";
}

Error error_from_errno(int os_error, const char* where) noexcept {
  const auto code = [os_error] {
    switch (os_error) {
      case ENOSPC:
      case EDQUOT:
        return Errc::no_space;
      case EPIPE:
      case ECONNRESET:
      case ENOTCONN:
      case ETIMEDOUT:
        return Errc::peer_closed;
      case ECANCELED:
        return Errc::cancelled;
      case EEXIST:
        return Errc::exists;
      case ENOENT:
        return Errc::not_found;
      case EMFILE:
      case ENFILE:
      case ENOMEM:
      case ENOBUFS:
        return Errc::overloaded;
      default:
        return Errc::io_error;
    }
  }();
  return Error{code, os_error, where};
}

std::string describe(const Error& error) {
  std::string text(name_of(error.code));
  if (*error.where != '\0') text += fmt::format(": {}", error.where);
  if (error.os_error != 0) text += fmt::format(": {}", std::strerror(error.os_error));
  return text;
}

}  // namespace mooring
