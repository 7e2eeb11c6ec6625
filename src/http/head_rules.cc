#include "head_rules.h"

#include <array>
#include <charconv>
#include <utility>

#include "grammar.h"

namespace mooring {

namespace {

// The fields that decide something here. All of them but `connection` and `expect` are singular.
enum class Known : std::uint8_t {
  host,
  content_length,
  transfer_encoding,
  content_type,
  content_encoding,
  authorization,
  range,
  if_match,
  if_none_match,
  if_modified_since,
  if_unmodified_since,
  if_range,
  idempotency_key,
  connection,
  expect,
  other,
};

constexpr std::pair<std::string_view, Known> kKnown[] = {
    {"host", Known::host},
    {"content-length", Known::content_length},
    {"transfer-encoding", Known::transfer_encoding},
    {"content-type", Known::content_type},
    {"content-encoding", Known::content_encoding},
    {"authorization", Known::authorization},
    {"range", Known::range},
    {"if-match", Known::if_match},
    {"if-none-match", Known::if_none_match},
    {"if-modified-since", Known::if_modified_since},
    {"if-unmodified-since", Known::if_unmodified_since},
    {"if-range", Known::if_range},
    {"idempotency-key", Known::idempotency_key},
    {"connection", Known::connection},
    {"expect", Known::expect},
};

Known classify(std::string_view name) noexcept {
  const char first = Grammar::lower(name.front());
  for (const auto& [text, known] : kKnown)
    if (text.size() == name.size() && text.front() == first && equal_ignoring_case(text, name))
      return known;
  return Known::other;
}

// 0 or [1-9][0-9]{0,18}: what a lenient parser could read as another number is refused.
Status read_content_length(std::string_view value, std::uint64_t& length) {
  if (value.empty() || value.size() > 19 || (value.size() > 1 && value.front() == '0'))
    return fail(Errc::bad_framing, "Content-Length");
  for (const char c : value)
    if (!Grammar::is_digit(c)) return fail(Errc::bad_framing, "Content-Length");
  std::from_chars(value.data(), value.data() + value.size(), length);
  if (length > INT64_MAX) return fail(Errc::too_large, "Content-Length");
  return {};
}

// Only `chunked`, once. A coding in front of it is well framed but not spoken here.
Status check_transfer_encoding(std::string_view value) {
  bool at_end = false;
  bool chunked = false;
  bool other = false;
  std::string_view coding;
  while (Grammar::next_element(value, at_end, coding)) {
    if (chunked || !Grammar::is_token(coding)) return fail(Errc::bad_framing, "Transfer-Encoding");
    chunked = equal_ignoring_case(coding, "chunked");
    other = other || !chunked;
  }
  if (!chunked) return fail(Errc::bad_framing, "Transfer-Encoding");
  if (other) return fail(Errc::not_implemented, "Transfer-Encoding");
  return {};
}

bool valid_port(std::string_view port) noexcept {
  unsigned number = 0;
  for (const char c : port) {
    if (!Grammar::is_digit(c)) return false;
    number = number * 10 + static_cast<unsigned>(c - '0');
    if (number > 65535) return false;
  }
  return true;
}

bool valid_ip_literal(std::string_view text) noexcept {
  for (const char c : text)
    if (Grammar::hex_value(c) < 0 && c != ':' && c != '.') return false;
  return text.find(':') != std::string_view::npos;
}

// uri-host [ ":" port ], RFC 9110 section 7.2. A comma is legal in a reg-name but is how some
// proxies join two Host lines: refused.
bool valid_host(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || !valid_ip_literal(text.substr(1, close - 1)))
      return false;
    const std::string_view rest = text.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && valid_port(rest.substr(1)));
  }
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  if (name.empty()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool is_triplet = i + 2 < name.size() && Grammar::hex_value(name[i + 1]) >= 0 &&
                            Grammar::hex_value(name[i + 2]) >= 0;
    if (c == '%' && !is_triplet) return false;
    const bool allowed = Grammar::is_digit(c) ||
                         (Grammar::lower(c) >= 'a' && Grammar::lower(c) <= 'z') ||
                         std::string_view("-._~%!$&'()*+;=").find(c) != std::string_view::npos;
    if (!allowed) return false;
  }
  return colon == std::string_view::npos || valid_port(text.substr(colon + 1));
}

// origin-form, absolute-form (its authority replaces Host, RFC 9112 section 3.2.2), or "*".
Status read_target(RequestHead& head) {
  std::string_view rest = head.target;
  if (rest.find('#') != std::string_view::npos) return fail(Errc::invalid, "fragment in target");
  if (rest == "*") {
    if (head.method != Method::options) return fail(Errc::bad_framing, "asterisk-form");
    head.path = rest;
    return {};
  }
  if (!rest.starts_with('/')) {
    const std::size_t scheme = rest.find("://");
    if (scheme == std::string_view::npos) return fail(Errc::bad_framing, "form of target");
    const std::string_view name = rest.substr(0, scheme);
    if (!equal_ignoring_case(name, "http") && !equal_ignoring_case(name, "https"))
      return fail(Errc::invalid, "scheme of target");
    rest.remove_prefix(scheme + 3);
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    head.host = rest.substr(0, end);
    if (!valid_host(head.host)) return fail(Errc::invalid, "authority of target");
    rest.remove_prefix(end);
  }
  const std::size_t mark = std::min(rest.find('?'), rest.size());
  head.path = mark == 0 ? std::string_view("/") : rest.substr(0, mark);
  if (mark < rest.size()) head.query = rest.substr(mark + 1);
  return {};
}

// The values of the known fields, the first of each, and whether one that must be alone is not.
struct KnownFields {
  std::array<std::optional<std::string_view>, 16> values;
  bool doubled_length = false;
  bool doubled_other = false;
  bool close = false;
  bool keep_alive = false;
  bool foreign_expectation = false;

  const std::optional<std::string_view>& operator[](Known known) const noexcept {
    return values[static_cast<std::size_t>(known)];
  }
};

void read_connection(std::string_view list, KnownFields& known) noexcept {
  bool at_end = false;
  std::string_view option;
  while (Grammar::next_element(list, at_end, option)) {
    known.close = known.close || equal_ignoring_case(option, "close");
    known.keep_alive = known.keep_alive || equal_ignoring_case(option, "keep-alive");
  }
}

KnownFields collect(std::span<const Field> fields) noexcept {
  KnownFields known;
  for (const Field& field : fields) {
    const Known which = classify(field.name);
    if (which == Known::other) continue;
    auto& slot = known.values[static_cast<std::size_t>(which)];
    if (which == Known::connection) {
      read_connection(field.value, known);
    } else if (which == Known::expect) {
      if (!equal_ignoring_case(field.value, "100-continue")) known.foreign_expectation = true;
    } else if (slot) {
      const bool length = which == Known::content_length || which == Known::transfer_encoding;
      (length ? known.doubled_length : known.doubled_other) = true;
    }
    if (!slot) slot = field.value;
  }
  return known;
}

Status read_framing(RequestHead& head, const KnownFields& known) {
  const auto& length = known[Known::content_length];
  const auto& encoding = known[Known::transfer_encoding];
  if (known.doubled_length || (length && encoding)) return fail(Errc::bad_framing, "two lengths");
  if (encoding) {
    if (head.minor_version == 0) return fail(Errc::bad_framing, "Transfer-Encoding in HTTP/1.0");
    if (const Status status = check_transfer_encoding(*encoding); !status) return status;
    head.body = BodyKind::chunked;
  }
  if (length) {
    if (const Status status = read_content_length(*length, head.content_length); !status)
      return status;
    head.body = head.content_length > 0 ? BodyKind::length : BodyKind::none;
  }
  return {};
}

Status check_host(RequestHead& head, const KnownFields& known) {
  const auto& host = known[Known::host];
  if (!host) {
    if (head.minor_version > 0) return fail(Errc::invalid, "no Host");
    return {};
  }
  if (!valid_host(*host)) return fail(Errc::invalid, "Host");
  if (head.host.empty()) head.host = *host;
  return {};
}

}  // namespace

Status apply_head_rules(RequestHead& head) {
  const KnownFields known = collect(head.fields);
  if (const Status status = read_framing(head, known); !status) return status;
  if (const Status status = read_target(head); !status) return status;
  if (known.doubled_other) return fail(Errc::invalid, "a singular field twice");
  if (const Status status = check_host(head, known); !status) return status;
  if (known[Known::content_encoding]) return fail(Errc::unsupported_media, "Content-Encoding");
  if (known.foreign_expectation) return fail(Errc::expectation_failed, "Expect");
  head.keep_alive = !known.close && (head.minor_version > 0 || known.keep_alive);
  head.expect_continue =
      known[Known::expect].has_value() && head.minor_version > 0 && head.body != BodyKind::none;
  return {};
}

Result<Method> method_of(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Method::options); ++i)
    if (name_of(static_cast<Method>(i)) == name) return static_cast<Method>(i);
  return fail(Errc::not_implemented, "method");
}

std::string_view name_of(Method method) noexcept {
  static constexpr std::string_view kNames[] = {"GET",   "HEAD",   "POST",   "PUT",
                                                "PATCH", "DELETE", "OPTIONS"};
  return kNames[static_cast<std::size_t>(method)];
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (Grammar::lower(a[i]) != Grammar::lower(b[i])) return false;
  return true;
}

std::optional<std::string_view> RequestHead::find(std::string_view name) const noexcept {
  for (const Field& field : fields)
    if (equal_ignoring_case(field.name, name)) return field.value;
  return std::nullopt;
}

}  // namespace mooring
