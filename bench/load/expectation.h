// Expectations: whether an answer is the one that the operation asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "load/answer.h"
#include "load/content.h"
#include "load/scenario.h"
#include "mooring/base/json_reader.h"

namespace mooring {

/// Why a request does not count as good. One request has one failure, the first that was seen.
enum class Failure : std::uint8_t {
  connect,  ///< no connection
  lost,     ///< the connection ended before the answer did
  timeout,
  framing,  ///< what came is no HTTP response
  status,   ///< another status than wanted
  shed,     ///< 503 with Retry-After: the server says that it has too much to do
  json,     ///< not the JSON that is expected
  etag,     ///< not the ETag that is expected
  length,   ///< a body of another length, or not the range that was asked for
  content,  ///< other bytes than were stored
  address,  ///< the answer does not say under which address the content is
};
inline constexpr std::size_t kFailures = 11;

/// "connect" and so on. Static storage.
[[nodiscard]] std::string_view name_of(Failure failure) noexcept;

[[nodiscard]] std::optional<Failure> judge_status(const LoadOperation& operation,
                                                  const AnswerHead& head) noexcept;
/// Status and length have been judged.
[[nodiscard]] std::optional<Failure> judge_etag(const LoadOperation& operation,
                                                const AnswerHead& head, const Content& content,
                                                const ContentPattern& pattern);
/// `json` is null if the body is none.
[[nodiscard]] std::optional<Failure> judge_json(const LoadOperation& operation,
                                                const JsonValue* json, const Content& content);

}  // namespace mooring
