// The request head: from bytes to a method, a target and fields, or to the one reason for refusing.
//
// HeadParser is fed a window that starts at the first byte of a request and only grows. llhttp
// (strict) walks the bytes; on top of it stand our own rules, which are stricter where RFC 9112
// leaves a choice, so that no two parsers can read one request differently (vow V6).
//
// Owner and thread: one parser per connection, used by the core that owns the connection. It
// allocates once, when constructed, and never per request.
//
// What a completed call means: a number is the length of the head, empty line included; head() is
// valid until the next reset() and only while the buffer behind the window lives and stays put.
// nullopt means that more bytes are needed: call again with the same address and a longer window.
// An error means that the bytes are not a request we answer further; where the next request would
// start is unknown, so every error closes the connection.
//
// Errors, in the order in which they are decided:
//   not_implemented     a method that is not in Method, or longer than the limit; a transfer coding
//                       other than chunked in front of chunked
//   uri_too_long        the request line is over its limit
//   head_too_large      the head or the number of its fields is over its limit
//   bad_framing         not the grammar of RFC 9112; Content-Length or Transfer-Encoding twice,
//   both,
//                       malformed, or Transfer-Encoding in HTTP/1.0
//   too_large           a Content-Length above 2^63-1
//   invalid             Host missing, doubled or malformed; another singular field twice; a
//   fragment or
//                       a wrong form of target
//   unsupported_media   Content-Encoding on a request
//   expectation_failed  Expect other than 100-continue
//
// Invariants:
//   I1  The outcome depends on the bytes, never on how they were split over calls.
//   I2  Work is linear in the bytes, also with one byte per call.
//   I3  No byte beyond a limit is examined.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "mooring/base/result.h"
#include "mooring/http/limits.h"

namespace mooring {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options };

/// "GET" and so on. Static storage.
[[nodiscard]] std::string_view name_of(Method method) noexcept;

/// One field line. The value has no blanks around it; its bytes are otherwise as they came
/// (obs-text included, RFC 9110 section 5.5), free of CR, LF and NUL.
struct Field {
  std::string_view name;
  std::string_view value;
};

enum class BodyKind : std::uint8_t {
  none,     ///< no body follows, or Content-Length: 0
  length,   ///< content_length bytes follow
  chunked,  ///< a chunked body follows: see http/chunked.h
};

/// Views into the window that was parsed. Cheap to copy, owns nothing.
struct RequestHead {
  Method method = Method::get;
  std::string_view target;  ///< as received: origin-form, absolute-form or "*"
  std::string_view path;    ///< still encoded, starts with '/', or is "*" (OPTIONS only)
  std::string_view query;   ///< still encoded, without '?'
  std::string_view host;    ///< of the target if it is absolute, else of Host; empty only in 1.0
  int minor_version = 1;    ///< 0 to 9; above 1 is treated as 1
  bool keep_alive = true;   ///< what the peer asked for: RFC 9112 section 9.3
  bool expect_continue =
      false;  ///< Expect: 100-continue, never true for HTTP/1.0 or without a body
  BodyKind body = BodyKind::none;
  std::uint64_t content_length = 0;  ///< 0 unless body is BodyKind::length
  std::span<const Field> fields;     ///< in order of arrival

  /// The value of the first field called `name`, compared without case.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
};

/// Whether two names or tokens are equal without regard to ASCII case.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

class HeadParser {
 public:
  explicit HeadParser(const HeadLimits& limits = {});
  ~HeadParser();
  HeadParser(HeadParser&&) noexcept;
  HeadParser& operator=(HeadParser&&) noexcept;

  /// Parses what is new in `window`. See the essay above. One empty line before the request is
  /// skipped (RFC 9112 section 2.2) and counted in the length. Not to be called after a length or
  /// an error until reset().
  [[nodiscard]] Result<std::optional<std::size_t>> parse(std::string_view window);

  /// The parsed head. Only after parse() returned a length.
  [[nodiscard]] const RequestHead& head() const noexcept;

  /// Makes ready for the next request. What head() returned is void.
  void reset() noexcept;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace mooring
