// The response head: status line and fields, written once, correct by construction.
//
// ResponseHead collects field lines and serialises them in the order of the calls, Date, Connection
// and the length last. That no CR, LF or NUL and no bad name reaches the wire is a CHECK: callers
// hand over text of ours or text that was made safe (content_disposition.h, percent_encode).
//
// Owner: a local of the function that answers. Any thread.
//
// Invariants:
//   I1  A field name is a token; a value has no CR, LF or NUL.
//   I2  1xx and 204 carry neither Content-Length nor Transfer-Encoding; 304 carries Content-Length
//   only if
//       it was given (it then is the length a 200 would have). Every other status has exactly one
//       of Content-Length and Transfer-Encoding: Content-Length: 0 if none was given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/result.h"

namespace mooring {

/// "Not Found" for 404; "Unknown" for a status we never send.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

/// The one table from errors to statuses. A family of resources may answer another one where its
/// vendor does, in its own module. peer_closed: 400, though nobody reads it.
[[nodiscard]] int status_of(Errc code) noexcept;

/// What becomes of the connection after this response.
enum class Persistence : std::uint8_t {
  implied,     ///< stays open, as HTTP/1.1 does without saying so
  keep_alive,  ///< stays open and says so: for HTTP/1.0 peers that asked
  close,       ///< is closed after this response
};

class ResponseHead {
 public:
  /// `status` is 100 to 599.
  explicit ResponseHead(int status);

  /// One more field line. Not for Content-Length, Transfer-Encoding, Connection and Date.
  ResponseHead& add(std::string_view name, std::string_view value);
  ResponseHead& add(std::string_view name, std::uint64_t value);

  /// The length of the body; for HEAD and 304 that of the body that is not sent.
  ResponseHead& content_length(std::uint64_t bytes) noexcept;

  /// The body will be chunked. Not to HTTP/1.0 peers.
  ResponseHead& chunked() noexcept;

  /// The Date value: DateCache::at(). Without a call there is no Date (1xx).
  ResponseHead& date(std::string_view http_date);

  ResponseHead& persistence(Persistence persistence) noexcept;

  [[nodiscard]] int status() const noexcept { return status_; }

  /// Appends the head, empty line included, to `out`.
  void serialise(std::string& out) const;

 private:
  int status_;
  Persistence persistence_ = Persistence::implied;
  bool chunked_ = false;
  std::optional<std::uint64_t> content_length_;
  std::string date_;
  std::string lines_;  ///< field lines as they go out
};

/// "HTTP/1.1 100 Continue" with its empty line.
inline constexpr std::string_view kContinueResponse = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace mooring
