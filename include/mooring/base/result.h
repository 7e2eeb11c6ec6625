// Result: operating errors are values.
//
// Whatever a peer, a disk, the kernel or an operator can cause travels as an Error from a closed
// list. An Error is small (16 bytes) and trivially copyable: a code, the errno if the kernel gave
// one, and a static text that names the operation for the log. It is never shown to a client: each
// resource family turns the code into its own body, in one function.
#pragma once

#include <cerrno>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace mooring {

/// The closed list. One line of meaning each; http::status_of maps each code to one status.
enum class Errc : std::uint8_t {
  peer_closed,          ///< the peer closed or reset the connection; nobody is left to answer
  timed_out,            ///< a deadline or a minimum progress rate was missed (408)
  cancelled,            ///< the operation was cancelled by its owner, usually while draining
  bad_framing,          ///< bytes that are not one HTTP message; the connection cannot go on (400)
  invalid,              ///< well framed, but against the rules of the resource (400)
  unauthenticated,      ///< no caller, or one that could not be verified (401)
  forbidden,            ///< a known caller without the right (403)
  not_found,            ///< no such route or resource (404)
  method_not_allowed,   ///< the route exists, the method does not (405)
  conflict,             ///< against the present state of the resource (409)
  length_required,      ///< a body without a usable length (411)
  precondition_failed,  ///< If-Match or If-Unmodified-Since did not hold (412)
  too_large,            ///< a body or a part over its limit (413)
  uri_too_long,         ///< request line over its limit (414)
  unsupported_media,    ///< a media type or content coding we do not take (415)
  range_not_satisfiable,  ///< no byte of the range exists (416)
  expectation_failed,     ///< Expect other than 100-continue (417)
  unprocessable,          ///< understood, but the entity cannot be processed (422)
  throttled,              ///< more often than a caller may (429)
  head_too_large,         ///< header section over its limit (431)
  not_implemented,        ///< a method or transfer coding we do not speak (501)
  overloaded,             ///< a bounded resource is exhausted; retry later (503)
  draining,               ///< the server is shutting down (503)
  no_space,               ///< disk, inodes or a reserve used up (507)
  io_error,               ///< the kernel failed a read, a write or a name operation (500)
  sync_failed,  ///< a sync failed: nothing of its batch is acknowledged, the process stops
  corrupt,      ///< stored bytes that do not match what was stored (500)
  exists,       ///< a name or record is there already; the caller decides what that means
  stale,        ///< what a decision was based on has changed; decide again
  internal,     ///< a library failed in a way that has no better name (500)
};

/// The name of `code` for logs and metrics, such as "peer_closed". Static storage.
[[nodiscard]] std::string_view name_of(Errc code) noexcept;

struct [[nodiscard]] Error {
  Errc code;
  int os_error = 0;        ///< errno of the failed call, positive, or 0
  const char* where = "";  ///< static text that names the operation, for the log

  friend bool operator==(const Error& a, const Error& b) noexcept { return a.code == b.code; }
};

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline std::unexpected<Error> fail(Errc code, const char* where = "",
                                                 int os_error = 0) noexcept {
  return std::unexpected(Error{code, os_error, where});
}

/// The Error for errno `os_error` (positive) of the operation `where`: ENOSPC, EDQUOT -> no_space;
/// EPIPE, ECONNRESET, ENOTCONN, ETIMEDOUT -> peer_closed; ECANCELED -> cancelled; EEXIST -> exists;
/// ENOENT -> not_found; EMFILE, ENFILE, ENOMEM, ENOBUFS -> overloaded; everything else -> io_error.
[[nodiscard]] Error error_from_errno(int os_error, const char* where) noexcept;

/// "io_error: fdatasync of a segment: Input/output error", for logs.
[[nodiscard]] std::string describe(const Error& error);

}  // namespace mooring
