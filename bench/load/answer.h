// Answers: the head of an HTTP/1.1 response, as bytes come in.
//
// AnswerParser is fed a window that begins with the first byte of a response and only grows; it
// looks at every byte once. It reads what servers send and a client needs, and refuses what would
// let two clients see different bodies: two lengths, a length beside chunks, folded lines.
//
// One thread. After a length or an error: reset before the next response.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/result.h"

namespace mooring {

enum class AnswerBody : std::uint8_t { none, length, chunked, until_close };

struct AnswerHead {
  int status = 0;
  bool keep_alive = true;  ///< the connection can be used again once the body is read
  AnswerBody body = AnswerBody::none;
  std::uint64_t content_length = 0;
  bool has_retry_after = false;
  std::string etag = {};  ///< with its quotes, as sent
  std::string location = {};
  std::string content_range = {};
};

class AnswerParser {
 public:
  /// The length of the head, once it is complete. `to_head`: the request was a HEAD, whose answer
  /// has no body. Errc::bad_framing: not a response.
  [[nodiscard]] Result<std::optional<std::size_t>> parse(std::string_view window, bool to_head);

  /// Valid after parse() returned a length.
  [[nodiscard]] const AnswerHead& head() const noexcept { return head_; }
  void reset() noexcept { searched_ = 0; }

 private:
  [[nodiscard]] Status parse_lines(std::string_view lines, bool to_head);
  [[nodiscard]] Status parse_status_line(std::string_view line);
  [[nodiscard]] Status take_field(std::string_view name, std::string_view value);

  AnswerHead head_;
  std::size_t searched_ = 0;
  bool has_length_ = false;
  bool is_chunked_ = false;
};

/// The first byte and the whole length of "bytes 5-9/10"; nothing for anything else.
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t total = 0;
};
[[nodiscard]] std::optional<ContentRange> parse_content_range(std::string_view value) noexcept;

}  // namespace mooring
