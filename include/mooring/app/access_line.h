// One line of the access log: a request and its answer as text for people or as JSON.
//
// Pure: values in, a line out. Text is the "combined" order that log tools know, then our own
// fields:
//
//   PEER - USER [DAY/MONTH/YEAR:H:M:S +0000] "METHOD TARGET HTTP/1.1" STATUS SENT "REFERER" "AGENT"
//   FAMILY org=ORGANIZATION in=RECEIVED refused=REASON head=µs authorise=µs … whole=µs
//
// with "-" for what is not there, and only the stages that took part. JSON has the same as one
// object.
//
// Invariants (N15):
//   I1  one record is one line: control bytes, quotes and backslashes are escaped, in text also
//   every
//       byte beyond ASCII, so that nobody forges a line or speaks to a terminal;
//   I2  no secret: credentials in fields are never part of a record, and the values of query
//   parameters
//       that look like one (is_secret_parameter) are replaced by "***", also in the Referer; so
//       are capabilities in paths (masked_path);
//   I3  a field is cut at kAccessFieldBytesMax, so a line has a bounded length.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/app/config.h"
#include "mooring/app/metrics.h"
#include "mooring/base/result.h"

namespace mooring {

inline constexpr std::size_t kAccessFieldBytesMax = 1024;  ///< of a client's text, before escaping

/// The views are only read during the call. Texts of the client as they came, not decoded.
struct AccessRecord {
  std::int64_t wall_ms = 0;  ///< when the head began
  std::string_view peer = {};
  std::string_view user = {};  ///< empty: nobody was verified
  std::string_view organization = {};
  std::string_view method = {};
  std::string_view path = {};
  std::string_view query = {};  ///< without its '?'
  std::string_view referer = {};
  std::string_view user_agent = {};
  std::string_view family = {};
  std::uint8_t http_minor = 1;
  int status = 0;
  std::uint64_t received_bytes = 0;  ///< of the body
  std::uint64_t sent_bytes = 0;      ///< of the answer, with its head
  std::optional<Errc> refused_early = {};
  std::array<std::uint64_t, kStages> stage_ns = {};  ///< 0: the request did not go through it
};

/// `path` with what opens something by being known (X11: the keys of partner assets, segments of 32
/// lower-case hex digits) cut to its first eight digits and "***".
[[nodiscard]] std::string masked_path(std::string_view path);

/// Whether a parameter of this (raw) name carries a credential: decoded and in lower case it
/// contains "token", "secret", "password" or "signature", or ends with "key". Better one too many
/// than one too few.
[[nodiscard]] bool is_secret_parameter(std::string_view raw_name);

/// Appends `query` to `out` with the values of secret parameters replaced.
void append_masked_query(std::string& out, std::string_view query);

/// Appends the line with its newline. `format` is text or json (CHECK).
void append_access_line(std::string& out, const AccessRecord& record, AccessLog format);

}  // namespace mooring
