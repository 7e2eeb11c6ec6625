#include "parameters.h"

#include "grammar.h"

namespace mooring {

namespace {

// WHATWG's form encoder escapes exactly these three characters, and only like this.
bool take_form_escape(std::string_view& rest, std::string& out) {
  for (const auto& [escape, character] :
       {std::pair(std::string_view("%22"), '"'), std::pair(std::string_view("%0D"), '\r'),
        std::pair(std::string_view("%0A"), '\n')}) {
    if (!rest.starts_with(escape)) continue;
    out.push_back(character);
    rest.remove_prefix(escape.size());
    return true;
  }
  return false;
}

}  // namespace

bool ParameterReader::next() {
  if (failed_) return false;
  for (;;) {
    skip_blanks();
    if (rest_.empty()) return false;
    if (rest_.front() != ';') return stop();
    rest_.remove_prefix(1);
    skip_blanks();
    if (!rest_.empty() && rest_.front() != ';') break;
  }
  name_.clear();
  value_.clear();
  if (!read_token(name_) || !rest_.starts_with('=')) return stop();
  name_ = Grammar::lower(name_);
  rest_.remove_prefix(1);
  const bool read = rest_.starts_with('"') ? read_quoted() : read_token(value_);
  return read || stop();
}

void ParameterReader::skip_blanks() noexcept {
  while (!rest_.empty() && Grammar::is_blank(rest_.front())) rest_.remove_prefix(1);
}

bool ParameterReader::read_token(std::string& out) {
  std::size_t end = 0;
  while (end < rest_.size() && Grammar::is_token(rest_[end])) ++end;
  out = rest_.substr(0, end);
  rest_.remove_prefix(end);
  return end > 0;
}

bool ParameterReader::read_quoted() {
  rest_.remove_prefix(1);
  while (!rest_.empty()) {
    const char c = rest_.front();
    if (c == '%' && escapes_ == Escapes::form_data && take_form_escape(rest_, value_)) continue;
    rest_.remove_prefix(1);
    if (c == '"') return true;
    if (Grammar::is_control(c)) return false;
    if (c == '\\' && !rest_.empty()) {
      // Old browsers send C:\path\name unescaped, so in forms only \" and \\ are escapes.
      const char escaped = rest_.front();
      if (escapes_ == Escapes::http || escaped == '"' || escaped == '\\') {
        if (Grammar::is_control(escaped)) return false;
        value_.push_back(escaped);
        rest_.remove_prefix(1);
        continue;
      }
    }
    value_.push_back(c);
  }
  return false;
}

}  // namespace mooring
