#include "mooring/http/target.h"

#include "grammar.h"
#include "mooring/base/check.h"
#include "mooring/base/utf8.h"

namespace mooring {

namespace {

std::unexpected<Error> bad(const char* where) {
  return fail(Errc::invalid, where);
}

// What a decoded segment must not hold: separators that came encoded, controls, broken UTF-8.
Status check_segment(std::string_view segment) {
  if (segment == "." || segment == "..") return bad("dot segment");
  for (const char c : segment)
    if (c == '/' || c == '\\' || c == '\t' || Grammar::is_control(c)) return bad("path");
  if (!valid_utf8(segment)) return bad("path is not UTF-8");
  return {};
}

Result<std::string> decode_query_text(std::string_view raw) {
  std::string spaced(raw);
  for (char& c : spaced)
    if (c == '+') c = ' ';
  std::string text;
  if (const Status status = percent_decode(spaced, text); !status)
    return std::unexpected(status.error());
  if (text.find('\0') != std::string::npos || !valid_utf8(text)) return bad("query text");
  return text;
}

}  // namespace

Result<PathSegments> split_path(std::string_view raw_path) {
  if (!raw_path.starts_with('/')) return bad("path without a slash");
  PathSegments path;
  path.text_.reserve(raw_path.size());
  std::string_view rest = raw_path.substr(1);
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string_view raw = rest.substr(0, slash);
    if (raw.empty() || path.count_ == kPathSegmentsMax) return fail(Errc::not_found, "path");
    const std::size_t begin = path.text_.size();
    if (const Status status = percent_decode(raw, path.text_); !status)
      return std::unexpected(status.error());
    if (const Status status = check_segment(std::string_view(path.text_).substr(begin)); !status)
      return std::unexpected(status.error());
    if (path.text_.size() > UINT16_MAX) return fail(Errc::uri_too_long, "path");
    path.ends_[path.count_++] = static_cast<std::uint16_t>(path.text_.size());
    path.trailing_slash_ = slash != std::string_view::npos;
    rest.remove_prefix(path.trailing_slash_ ? slash + 1 : rest.size());
  }
  return path;
}

std::string_view PathSegments::operator[](std::size_t i) const noexcept {
  MOORING_CHECK(i < count_, "no such segment");
  const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(text_).substr(begin, ends_[i] - begin);
}

Result<QueryParameters> parse_query(std::string_view raw_query) {
  QueryParameters query;
  while (!raw_query.empty()) {
    const std::size_t end = std::min(raw_query.find('&'), raw_query.size());
    const std::string_view pair = raw_query.substr(0, end);
    raw_query.remove_prefix(std::min(end + 1, raw_query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decode_query_text(pair.substr(0, equals));
    if (!name) return std::unexpected(name.error());
    auto value = decode_query_text(pair.substr(std::min(equals + 1, pair.size())));
    if (!value) return std::unexpected(value.error());
    query.all_.push_back({std::move(*name), std::move(*value)});
  }
  return query;
}

std::optional<std::string_view> QueryParameters::find(std::string_view name) const noexcept {
  for (const QueryParameter& parameter : all_)
    if (parameter.name == name) return parameter.value;
  return std::nullopt;
}

std::size_t QueryParameters::count(std::string_view name) const noexcept {
  std::size_t count = 0;
  for (const QueryParameter& parameter : all_) count += parameter.name == name ? 1 : 0;
  return count;
}

Status percent_decode(std::string_view raw, std::string& out) {
  while (!raw.empty()) {
    const std::size_t plain = std::min(raw.find('%'), raw.size());
    out.append(raw.substr(0, plain));
    raw.remove_prefix(plain);
    if (raw.empty()) break;
    const int high = raw.size() > 2 ? Grammar::hex_value(raw[1]) : -1;
    const int low = raw.size() > 2 ? Grammar::hex_value(raw[2]) : -1;
    if (high < 0 || low < 0) return bad("percent encoding");
    out.push_back(static_cast<char>(high << 4 | low));
    raw.remove_prefix(3);
  }
  return {};
}

void percent_encode(std::string_view text, std::string& out) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const bool letter = Grammar::lower(c) >= 'a' && Grammar::lower(c) <= 'z';
    if (letter || Grammar::is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
}

}  // namespace mooring
