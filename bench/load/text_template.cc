#include "load/text_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace mooring {

std::expected<TextTemplate, std::string> TextTemplate::parse(std::string_view text) {
  TextTemplate made;
  while (!text.empty()) {
    const std::size_t open = std::min(text.find('{'), text.size());
    if (open > 0) made.pieces_.push_back({Kind::text, std::string(text.substr(0, open))});
    text.remove_prefix(open);
    if (text.empty()) break;
    const std::size_t close = text.find('}');
    if (close == std::string_view::npos) return std::unexpected("a '{' without its '}'");
    std::expected<Piece, std::string> place = parse_place(text.substr(1, close - 1));
    if (!place) return std::unexpected(place.error());
    made.pieces_.push_back(std::move(*place));
    text.remove_prefix(close + 1);
  }
  return made;
}

std::expected<TextTemplate::Piece, std::string> TextTemplate::parse_place(std::string_view name) {
  constexpr std::string_view kRemainder = "n%";
  constexpr std::string_view kJson = "json:";
  if (name == "n") return Piece{Kind::number};
  if (name == "run") return Piece{Kind::run};
  if (name == "id") return Piece{Kind::id};
  if (name == "path") return Piece{Kind::path};
  if (name == "location") return Piece{Kind::location};
  if (name == "stored") return Piece{Kind::stored};
  if (name.starts_with(kJson) && name.size() > kJson.size()) {
    Piece piece{Kind::json};
    piece.keys = split_keys(name.substr(kJson.size()));
    return piece;
  }
  if (name.starts_with(kRemainder)) {
    Piece piece{Kind::remainder};
    const char* const end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + kRemainder.size(), end, piece.divisor);
    if (parsed.ec == std::errc() && parsed.ptr == end && piece.divisor > 0) return piece;
  }
  return std::unexpected(fmt::format("'{{{}}}' is nothing that can be filled in", name));
}

bool TextTemplate::render(std::string& out, const TemplateValues& values) const {
  for (const Piece& piece : pieces_) {
    switch (piece.kind) {
      case Kind::text:
        out += piece.text;
        break;
      case Kind::number:
        fmt::format_to(std::back_inserter(out), "{}", values.number);
        break;
      case Kind::remainder:
        fmt::format_to(std::back_inserter(out), "{}", values.number % piece.divisor);
        break;
      case Kind::run:
        out += values.run;
        break;
      case Kind::id:
        if (values.ids.empty()) return false;
        out += values.ids[values.number % values.ids.size()];
        break;
      case Kind::path:
        out += values.path;
        break;
      case Kind::location:
        if (values.location.empty()) return false;
        out += path_of_url(values.location);
        break;
      case Kind::stored:
        if (values.stored.empty()) return false;
        out += values.stored;
        break;
      case Kind::json: {
        const JsonValue* found =
            values.json == nullptr ? nullptr : find_nested(*values.json, piece.keys);
        if (found == nullptr || !found->is(JsonKind::string)) return false;
        out += path_of_url(found->as_string());
        break;
      }
    }
  }
  return true;
}

bool TextTemplate::uses(Kind kind) const noexcept {
  return std::ranges::find(pieces_, kind, &Piece::kind) != pieces_.end();
}

std::vector<std::string> split_keys(std::string_view dotted) {
  std::vector<std::string> keys;
  while (true) {
    const std::size_t dot = std::min(dotted.find('.'), dotted.size());
    keys.emplace_back(dotted.substr(0, dot));
    if (dot == dotted.size()) return keys;
    dotted.remove_prefix(dot + 1);
  }
}

const JsonValue* find_nested(const JsonValue& root, std::span<const std::string> keys) noexcept {
  const JsonValue* at = &root;
  for (const std::string& key : keys) {
    at = at->find(key);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::string_view path_of_url(std::string_view url) noexcept {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos || url.starts_with('/')) return url;
  const std::size_t slash = url.find('/', scheme + 3);
  return slash == std::string_view::npos ? std::string_view("/") : url.substr(slash);
}

}  // namespace mooring
