#include "fuzz/app/conversation_rules.h"

#include <charconv>
#include <optional>
#include <string_view>

#include "mooring/base/check.h"
#include "mooring/http/chunked.h"
#include "mooring/http/request_head.h"

namespace mooring {

namespace {

// What the bytes at the front of a stream are, by the parsers that the other targets prove.
struct Request {
  enum class Form : std::uint8_t { cut_off, refused, broken_body, cut_off_body, whole };
  Form form = Form::cut_off;
  Method method = Method::get;
  bool expects_continue = false;
  std::size_t size_bytes = 0;  // whole: head and body
};

Request::Form read_chunks(std::string_view bytes, std::size_t& size_bytes) {
  ChunkedDecoder decoder(UINT64_MAX);
  std::string raw(bytes);
  const auto decoded = decoder.decode(std::as_writable_bytes(std::span(raw)));
  if (!decoded) return Request::Form::broken_body;
  size_bytes += decoded->consumed_bytes;
  return decoded->done ? Request::Form::whole : Request::Form::cut_off_body;
}

Request read_request(HeadParser& parser, std::string_view stream) {
  Request request;
  parser.reset();
  const auto parsed = parser.parse(stream);
  if (!parsed) {
    request.form = Request::Form::refused;
    return request;
  }
  if (!*parsed) return request;
  const RequestHead& head = parser.head();
  request.method = head.method;
  request.expects_continue = head.expect_continue;
  request.size_bytes = **parsed;
  request.form = Request::Form::whole;
  const std::string_view body = stream.substr(**parsed);
  if (head.body == BodyKind::chunked) request.form = read_chunks(body, request.size_bytes);
  if (head.body == BodyKind::length) {
    if (head.content_length > body.size()) request.form = Request::Form::cut_off_body;
    request.size_bytes += head.content_length;
  }
  return request;
}

struct Answer {
  int status = 0;
  bool closes = false;
  std::size_t size_bytes = 0;
};

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  MOORING_CHECK(end != text.npos, "R1: a line without its end");
  const std::string_view line = text.substr(0, end);
  MOORING_CHECK(line.find_first_of(std::string_view("\r\n\0", 3)) == line.npos,
                "R1: a bare CR or LF");
  text.remove_prefix(end + 2);
  return line;
}

std::uint64_t number_of(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  MOORING_CHECK(error == std::errc() && end == digits.data() + digits.size() && !digits.empty(),
                "R1: no number");
  return number;
}

// Nothing: it is not whole yet.
std::optional<Answer> read_answer(std::string_view sent, bool is_head) {
  const std::size_t head_end = sent.find("\r\n\r\n");
  if (head_end == sent.npos) return std::nullopt;
  std::string_view head = sent.substr(0, head_end + 2);
  const std::string_view line = take_line(head);
  MOORING_CHECK(line.starts_with("HTTP/1.1 ") && line.size() >= 13 && line[12] == ' ',
                "R1: no status line");
  Answer answer;
  answer.status = static_cast<int>(number_of(line.substr(9, 3)));
  std::optional<std::uint64_t> length;
  while (!head.empty()) {
    const std::string_view field = take_line(head);
    const std::size_t colon = field.find(": ");
    MOORING_CHECK(colon != field.npos && colon > 0, "R1: no field");
    const std::string_view name = field.substr(0, colon);
    const std::string_view value = field.substr(colon + 2);
    if (equal_ignoring_case(name, "Connection")) answer.closes = value == "close";
    MOORING_CHECK(!equal_ignoring_case(name, "Transfer-Encoding"), "R1: a length is always known");
    if (!equal_ignoring_case(name, "Content-Length")) continue;
    MOORING_CHECK(!length, "R1: two lengths");
    length = number_of(value);
  }
  answer.size_bytes = head_end + 4;
  const bool has_none = answer.status < 200 || answer.status == 204 || answer.status == 304;
  MOORING_CHECK(has_none || length, "R1: no length");
  if (!is_head && !has_none) answer.size_bytes += *length;
  if (answer.size_bytes > sent.size()) return std::nullopt;
  return answer;
}

// The final answer at the front of `sent`, with the 100 before it taken off.
std::optional<Answer> take_answer(std::string_view& sent, const Request& request) {
  bool continued = false;
  while (true) {
    const std::optional<Answer> answer = read_answer(sent, request.method == Method::head);
    if (!answer) return std::nullopt;
    sent.remove_prefix(answer->size_bytes);
    if (answer->status >= 200) return answer;
    MOORING_CHECK(answer->status == 100 && request.expects_continue && !continued,
                  "R7: a 100 that nobody asked for");
    continued = true;
  }
}

void check_answer(const Request& request, const Answer& answer) {
  using enum Request::Form;
  MOORING_CHECK(answer.status != 500, "R6: 500");
  if (request.form != whole) {
    MOORING_CHECK(answer.closes, "R3: goes on behind what has no sound end");
    MOORING_CHECK(answer.status != 201, "R6: made out of what is broken");
  }
  if (request.form == refused || request.form == cut_off)
    MOORING_CHECK(answer.status >= 400, "R4: no refusal");
  if (request.form == cut_off)
    MOORING_CHECK(answer.status == 408, "R2: an answer without a request");
}

}  // namespace

void check_conversation(const Script& script, const Conversation& conversation) {
  static HeadParser parser;
  const bool reset = script.end == Script::End::reset;
  std::string_view stream = script.bytes;
  std::string_view sent = conversation.sent;
  while (true) {
    const Request request = read_request(parser, stream);
    const std::optional<Answer> answer = take_answer(sent, request);
    if (!answer) {
      MOORING_CHECK(sent.empty() || reset, "R1: cut off inside an answer");
      const bool owed =
          request.form == Request::Form::whole || request.form == Request::Form::refused;
      MOORING_CHECK(reset || !owed, "R5: a request without an answer");
      return;
    }
    check_answer(request, *answer);
    if (answer->closes) break;
    stream.remove_prefix(request.size_bytes);
  }
  MOORING_CHECK(sent.empty(), "R3: something follows an answer that closes");
}

}  // namespace mooring
