// Conditional requests: the order of RFC 9110 section 13.2.2.
//
// If-Match, else If-Unmodified-Since; then If-None-Match, else (GET and HEAD) If-Modified-Since;
// then Range with If-Range. A condition with a bad date is ignored. Pure functions of the head and
// the validators; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "mooring/http/request_head.h"

namespace mooring {

/// The validators of the current representation.
struct Validators {
  std::string_view etag;             ///< opaque text without quotes; strong; empty = none
  std::int64_t last_modified_s = 0;  ///< seconds since 1970, rounded down
};

enum class Precondition : std::uint8_t {
  proceed,
  not_modified,         ///< 304: only for GET and HEAD
  precondition_failed,  ///< 412
};

struct ConditionalOutcome {
  Precondition precondition = Precondition::proceed;
  /// The Range value to be passed to decide_range(), or empty: no Range, not a GET, or an If-Range
  /// that does not hold.
  std::string_view range;
};

/// Evaluates the conditions of `head` against `current`; nullptr if there is no representation now
/// (so that If-Match: * fails and If-None-Match: * holds).
[[nodiscard]] ConditionalOutcome evaluate_conditions(const RequestHead& head,
                                                     const Validators* current) noexcept;

}  // namespace mooring
