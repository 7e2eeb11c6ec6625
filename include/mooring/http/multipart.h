// multipart/form-data: where the parts begin and end, without storing a byte of them.
//
// MultipartParser is pulled: the caller shows a window of the body, next() names the first thing in
// it and how many bytes the caller then drops from the window's front. Content of a part is
// reported in place, so that a megabyte that the kernel wrote into a buffer goes from there to the
// disk.
//
//   Event            consumed_bytes              then
//   need_more        may be > 0 (skipped text)   append bytes and call again; keep what was not
//   dropped part_begin       delimiter line, part head   part() describes it until the next
//   part_begin data             == data_bytes               the first data_bytes of the window are
//   content part_end         up to the boundary's end    the part is complete done             the
//   close delimiter         what follows is epilogue: drop it, or call on (it is
//                                                consumed and reported as done again)
//
// Owner and thread: one parser per request, used by the core that reads it. Heap: only the few
// strings of part().
//
// Grammar (RFC 2046 section 5.1.1, RFC 7578, rules X8 and X9): a delimiter is CRLF "--" boundary
// and then CRLF, "--", or blanks and CRLF; anything else after the boundary makes it content. The
// first delimiter may stand at byte 0. Preamble and epilogue are ignored. Each part has exactly one
// Content-Disposition: form-data with a non-empty name; with a filename it is a file, without one a
// text field. Content-Transfer-Encoding other than 7bit, 8bit, binary and nested multiparts are
// refused.
//
// Errors: invalid (grammar, part heads and their limits, a missing close delimiter), too_large
// (number of parts, size of text fields). After an error the parser is of no further use.
//
// Invariants:
//   I1  The sequence of part_begin, part_end, done and the concatenated data depend on the bytes,
//   never
//       on how they were split over calls.
//   I2  What is decided is reported: at most boundary + 8 bytes of content are held back, and only
//   while
//       they may still become a delimiter.
//   I3  Work is linear in the bytes, whatever they are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/http/limits.h"

namespace mooring {

/// 1 to 70 characters of RFC 2046's bchars, not ending in a space.
struct Boundary {
  std::array<char, kBoundaryBytesMax> text{};
  std::size_t text_bytes = 0;

  [[nodiscard]] std::string_view view() const noexcept { return {text.data(), text_bytes}; }
};

/// The boundary of a Content-Type value. unsupported_media if it is not multipart/form-data;
/// invalid if it is malformed or has no boundary, a bad one, or two.
[[nodiscard]] Result<Boundary> boundary_of(std::string_view content_type);

/// What the head of a part says.
struct PartHead {
  std::string name;                         ///< non-empty, valid UTF-8, no controls
  std::optional<std::string> filename;      ///< made safe by rule X8; may be empty
  std::optional<std::string> content_type;  ///< as sent
  [[nodiscard]] bool is_file() const noexcept { return filename.has_value(); }
};

class MultipartParser {
 public:
  enum class EventKind : std::uint8_t { need_more, part_begin, data, part_end, done };

  struct Event {
    EventKind kind = EventKind::need_more;
    std::size_t consumed_bytes = 0;  ///< drop so many bytes from the front of the window
    std::size_t data_bytes = 0;      ///< data only: equal to consumed_bytes, never 0
  };

  /// Whether bytes can still follow the window.
  enum class Input : std::uint8_t { more_may_follow, at_end };

  explicit MultipartParser(const Boundary& boundary, const MultipartLimits& limits = {});

  /// The next event in `window`, which must start with the first byte not yet consumed. With at_end
  /// it never answers need_more: a body that stops before the close delimiter is invalid.
  [[nodiscard]] Result<Event> next(Bytes window, Input input);

  /// The part that began last. Only after a part_begin.
  [[nodiscard]] const PartHead& part() const noexcept { return part_; }

  /// Parts begun so far.
  [[nodiscard]] std::size_t parts() const noexcept { return parts_; }

 private:
  enum class State : std::uint8_t { start, preamble, delimiter_tail, part_head, content, epilogue };
  enum class Candidate : std::uint8_t { content, undecided, delimiter };

  [[nodiscard]] Result<Event> at_start(std::string_view window, Input input);
  [[nodiscard]] Result<Event> in_preamble(std::string_view window, Input input);
  [[nodiscard]] Result<Event> in_delimiter_tail(std::string_view window, std::size_t at,
                                                Input input);
  [[nodiscard]] Result<Event> in_part_head(std::string_view window, std::size_t consumed,
                                           Input input);
  [[nodiscard]] Result<Event> in_content(std::string_view window, Input input);
  [[nodiscard]] Candidate judge(std::string_view after_boundary) const noexcept;
  [[nodiscard]] std::size_t decided_content(std::string_view window,
                                            bool& delimiter) const noexcept;
  [[nodiscard]] Status part_field(std::string_view line);
  [[nodiscard]] Status begin_part();
  [[nodiscard]] Status count_text(std::size_t bytes);
  [[nodiscard]] std::string_view needle() const noexcept { return {needle_.data(), needle_bytes_}; }

  MultipartLimits limits_;
  std::array<char, kBoundaryBytesMax + 4> needle_{};  ///< CR LF - - boundary
  std::size_t needle_bytes_ = 0;
  State state_ = State::start;
  PartHead part_;
  bool part_named_ = false;    ///< Content-Disposition seen in this part head
  bool part_encoded_ = false;  ///< Content-Transfer-Encoding seen in this part head
  std::size_t parts_ = 0;
  std::size_t part_fields_ = 0;
  std::size_t part_head_bytes_ = 0;  ///< consumed of this part head
  std::size_t line_scanned_ = 0;     ///< of the present line, known to hold no line end
  std::size_t preamble_bytes_ = 0;
  std::size_t padding_bytes_ = 0;
  std::size_t text_bytes_ = 0;  ///< of the present text field
  std::size_t text_total_bytes_ = 0;
};

/// The first position of `needle` in `text`, or npos. `needle` has at least 4 bytes, starts with CR
/// and has no other CR: that bounds the work to linear. Exposed for its tests and its benchmark.
[[nodiscard]] std::size_t find_delimiter(std::string_view text, std::string_view needle) noexcept;

}  // namespace mooring
