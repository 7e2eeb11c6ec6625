#include "load/expectation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mooring {

namespace {

constexpr std::array<std::string_view, kFailures> kFailureNames = {
    "connect", "lost", "timeout", "framing", "status", "shed",
    "json",    "etag", "length",  "content", "address"};

bool holds(const JsonExpectation& expectation, const JsonValue& value, const Content& content) {
  switch (expectation.kind) {
    case JsonExpectation::Kind::present:
      return !value.is(JsonKind::null);
    case JsonExpectation::Kind::text:
      if (value.is(JsonKind::string)) return value.as_string() == expectation.text;
      if (value.is(JsonKind::boolean))
        return expectation.text == (value.as_boolean() ? "true" : "false");
      return (value.is(JsonKind::integer) || value.is(JsonKind::number)) &&
             value.as_written() == expectation.text;
    case JsonExpectation::Kind::content_size:
      return value.is(JsonKind::integer) &&
             value.as_written() == fmt::format_int(content.size_bytes).str();
  }
  return false;
}

}  // namespace

std::string_view name_of(Failure failure) noexcept {
  return kFailureNames[static_cast<std::size_t>(failure)];
}

std::optional<Failure> judge_status(const LoadOperation& operation,
                                    const AnswerHead& head) noexcept {
  constexpr int kServiceUnavailable = 503;
  const bool good =
      operation.statuses.empty()
          ? head.status >= 200 && head.status < 300
          : std::ranges::find(operation.statuses, head.status) != operation.statuses.end();
  if (good) return std::nullopt;
  return head.status == kServiceUnavailable && head.has_retry_after ? Failure::shed
                                                                    : Failure::status;
}

std::optional<Failure> judge_etag(const LoadOperation& operation, const AnswerHead& head,
                                  const Content& content, const ContentPattern& pattern) {
  switch (operation.etag) {
    case EtagExpectation::any:
      return std::nullopt;
    case EtagExpectation::present:
      if (head.etag.empty()) return Failure::etag;
      return std::nullopt;
    case EtagExpectation::content:
      if (head.etag != fmt::format("\"{}\"", to_hex(pattern.digest(content)))) return Failure::etag;
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Failure> judge_json(const LoadOperation& operation, const JsonValue* json,
                                  const Content& content) {
  for (const JsonExpectation& expectation : operation.json) {
    const JsonValue* value = json == nullptr ? nullptr : find_nested(*json, expectation.keys);
    if (value == nullptr || !holds(expectation, *value, content)) return Failure::json;
  }
  return std::nullopt;
}

}  // namespace mooring
