#include <llhttp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "grammar.h"
#include "head_rules.h"
#include "mooring/base/check.h"
#include "mooring/http/request_head.h"

namespace mooring {

// llhttp reports spans; when it is through, verify() rebuilds the head from them byte by byte. What
// llhttp tolerates between two spans (folded lines, a bare LF, blanks before a colon) thus cannot
// pass, whatever its version.
class HeadParser::Engine {
 public:
  explicit Engine(const HeadLimits& limits) : limits_(limits) {
    MOORING_CHECK(limits.fields_max <= kHeadFieldSlots, "more fields than slots");
    reset();
  }

  void reset() noexcept;
  Result<std::optional<std::size_t>> parse(std::string_view window);
  const RequestHead& head() const noexcept {
    MOORING_CHECK(stage_ == Stage::complete, "head() before the head is complete");
    return head_;
  }

 private:
  enum class Stage : std::uint8_t { empty_line, method, request_line, fields, complete, failed };

  Result<std::optional<std::size_t>> advance(std::string_view window);
  Status skip_empty_line(std::string_view window);
  Status read_method(std::string_view window);
  Status feed(std::string_view window, std::size_t up_to);
  Status find_line_end(std::string_view window);
  Result<std::size_t> verify(std::string_view window);
  Result<const char*> verify_request_line();

  static const llhttp_settings_t* settings();
  static Engine& self(llhttp_t* parser) { return *static_cast<Engine*>(parser->data); }
  static void extend(std::string_view& span, const char* at, std::size_t length) noexcept {
    span = span.data() == nullptr ? std::string_view(at, length)
                                  : std::string_view(span.data(), span.size() + length);
  }

  HeadLimits limits_;
  llhttp_t parser_;
  RequestHead head_;
  std::array<Field, kHeadFieldSlots> fields_;
  std::size_t count_ = 0;
  Field field_;                   // the one that llhttp is in
  const char* window_ = nullptr;  // where the window has to stay
  std::size_t start_ = 0;         // of the request, behind an empty line
  std::size_t fed_ = 0;           // bytes of the window that llhttp has seen
  bool too_many_ = false;
  bool ended_ = false;
  Stage stage_ = Stage::empty_line;
};

Result<std::optional<std::size_t>> HeadParser::Engine::parse(std::string_view window) {
  MOORING_CHECK(stage_ != Stage::complete && stage_ != Stage::failed, "parse() before reset()");
  MOORING_CHECK(window_ == nullptr || window_ == window.data(), "the window has moved");
  MOORING_CHECK(window.size() >= fed_, "the window has shrunk");
  if (!window.empty()) window_ = window.data();
  auto result = advance(window);
  if (!result) stage_ = Stage::failed;
  return result;
}

// Each stage either falls through to the next or waits for more bytes.
Result<std::optional<std::size_t>> HeadParser::Engine::advance(std::string_view window) {
  if (stage_ == Stage::empty_line) {
    if (const Status status = skip_empty_line(window); !status)
      return std::unexpected(status.error());
    if (stage_ == Stage::empty_line) return std::nullopt;
  }
  if (stage_ == Stage::method) {
    if (const Status status = read_method(window); !status) return std::unexpected(status.error());
    if (stage_ == Stage::method) return std::nullopt;
  }
  if (stage_ == Stage::request_line) {
    if (const Status status = find_line_end(window); !status)
      return std::unexpected(status.error());
    if (stage_ == Stage::request_line) return std::nullopt;
  }
  if (const Status status = feed(window, start_ + limits_.head_bytes_max); !status)
    return std::unexpected(status.error());
  if (!ended_) {
    if (fed_ == start_ + limits_.head_bytes_max) return fail(Errc::head_too_large, "head");
    return std::nullopt;
  }
  const Result<std::size_t> end = verify(window);
  if (!end) return std::unexpected(end.error());
  head_.fields = {fields_.data(), count_};
  if (const Status status = apply_head_rules(head_); !status)
    return std::unexpected(status.error());
  stage_ = Stage::complete;
  return std::optional(*end);
}

Status HeadParser::Engine::skip_empty_line(std::string_view window) {
  if (window.empty()) return {};
  if (window.front() == '\r') {
    if (window.size() < 2) return {};
    if (window[1] != '\n') return fail(Errc::bad_framing, "empty line");
    start_ = fed_ = 2;
  }
  stage_ = Stage::method;
  return {};
}

// The method is read here, so that an unknown one (501) can be told from bytes that are no method
// (400).
Status HeadParser::Engine::read_method(std::string_view window) {
  const std::string_view text = window.substr(start_);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ' && i > 0) {
      const Result<Method> method = method_of(text.substr(0, i));
      if (!method) return std::unexpected(method.error());
      head_.method = *method;
      stage_ = Stage::request_line;
      return {};
    }
    if (i == limits_.method_bytes_max) return fail(Errc::not_implemented, "long method");
    if (!Grammar::is_token(text[i])) return fail(Errc::bad_framing, "method");
  }
  return {};
}

Status HeadParser::Engine::find_line_end(std::string_view window) {
  const std::size_t before = fed_;
  const std::size_t limit = start_ + limits_.request_line_bytes_max + 2;
  if (const Status status = feed(window, limit); !status) return status;
  if (window.substr(before, fed_ - before).find('\n') != std::string_view::npos)
    stage_ = Stage::fields;
  else if (fed_ == limit)
    return fail(Errc::uri_too_long, "request line");
  return {};
}

Status HeadParser::Engine::feed(std::string_view window, std::size_t up_to) {
  const std::size_t end = std::min(window.size(), up_to);
  if (end <= fed_ || ended_) return {};
  const llhttp_errno_t code = llhttp_execute(&parser_, window.data() + fed_, end - fed_);
  fed_ = end;
  if (too_many_) return fail(Errc::head_too_large, "number of fields");
  if (code == HPE_OK || (code == HPE_PAUSED && ended_)) return {};
  return fail(Errc::bad_framing, llhttp_errno_name(code));
}

// METHOD SP target SP "HTTP/1." DIGIT CRLF; answers where the line ends.
Result<const char*> HeadParser::Engine::verify_request_line() {
  const char* begin = window_ + start_;
  const char* end = window_ + fed_;
  const std::string_view target = head_.target;
  constexpr std::string_view kVersion = " HTTP/1.";
  if (target.data() != begin + name_of(head_.method).size() + 1)
    return fail(Errc::bad_framing, "request line");
  const std::string_view rest(target.data() + target.size(), end);
  if (target.empty() || rest.size() < 11 || !rest.starts_with(kVersion) ||
      !Grammar::is_digit(rest[8]) || rest.substr(9, 2) != "\r\n")
    return fail(Errc::bad_framing, "request line");
  head_.minor_version = rest[8] - '0';
  return rest.data() + 11;
}

// *( name ":" OWS value OWS CRLF ) CRLF, with nothing between the spans; answers the head's length.
Result<std::size_t> HeadParser::Engine::verify(std::string_view window) {
  const Result<const char*> line = verify_request_line();
  if (!line) return std::unexpected(line.error());
  const char* at = *line;
  const char* end = window_ + fed_;
  for (Field& field : std::span(fields_.data(), count_)) {
    const char* colon = at + field.name.size();
    if (field.name.empty() || field.name.data() != at || colon >= end || *colon != ':')
      return fail(Errc::bad_framing, "field name");
    const std::string_view rest(colon + 1, end);
    const std::size_t line_end = rest.find('\r');
    if (line_end == std::string_view::npos || rest.substr(line_end, 2) != "\r\n")
      return fail(Errc::bad_framing, "field line");
    const std::string_view value = Grammar::trim(rest.substr(0, line_end));
    if (value != Grammar::trim(field.value)) return fail(Errc::bad_framing, "field value");
    field.value = value;
    at = rest.data() + line_end + 2;
  }
  if (std::string_view(at, end).substr(0, 2) != "\r\n")
    return fail(Errc::bad_framing, "end of head");
  return static_cast<std::size_t>(at + 2 - window.data());
}

// Callbacks of llhttp. Spans arrive in pieces when the bytes do; the window stays put, so pieces
// join.
const llhttp_settings_t* HeadParser::Engine::settings() {
  static const llhttp_settings_t kSettings = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_url = [](llhttp_t* p, const char* at, std::size_t length) {
      extend(self(p).head_.target, at, length);
      return 0;
    };
    s.on_header_field = [](llhttp_t* p, const char* at, std::size_t length) {
      extend(self(p).field_.name, at, length);
      return 0;
    };
    s.on_header_value = [](llhttp_t* p, const char* at, std::size_t length) {
      extend(self(p).field_.value, at, length);
      return 0;
    };
    s.on_header_field_complete = [](llhttp_t* p) {
      Engine& engine = self(p);
      engine.too_many_ = engine.count_ == engine.limits_.fields_max;
      return engine.too_many_ ? static_cast<int>(HPE_USER) : 0;
    };
    s.on_header_value_complete = [](llhttp_t* p) {
      Engine& engine = self(p);
      engine.fields_[engine.count_++] = std::exchange(engine.field_, {});
      return 0;
    };
    // Pausing here keeps llhttp from the body: its framing is ours.
    s.on_headers_complete = [](llhttp_t* p) {
      self(p).ended_ = true;
      return static_cast<int>(HPE_PAUSED);
    };
    return s;
  }();
  return &kSettings;
}

void HeadParser::Engine::reset() noexcept {
  llhttp_init(&parser_, HTTP_REQUEST, settings());
  // Minor versions above 1 are welcome (RFC 9110 section 2.5); verify() is exact about the rest.
  parser_.lenient_flags |= LENIENT_VERSION;
  parser_.data = this;
  head_ = {};
  count_ = 0;
  field_ = {};
  window_ = nullptr;
  start_ = fed_ = 0;
  too_many_ = ended_ = false;
  stage_ = Stage::empty_line;
}

HeadParser::HeadParser(const HeadLimits& limits) : engine_(std::make_unique<Engine>(limits)) {}
HeadParser::~HeadParser() = default;
HeadParser::HeadParser(HeadParser&&) noexcept = default;
HeadParser& HeadParser::operator=(HeadParser&&) noexcept = default;

Result<std::optional<std::size_t>> HeadParser::parse(std::string_view window) {
  return engine_->parse(window);
}
const RequestHead& HeadParser::head() const noexcept {
  return engine_->head();
}
void HeadParser::reset() noexcept {
  engine_->reset();
}

}  // namespace mooring
