#include "mooring/http/conditional.h"

#include "grammar.h"
#include "mooring/http/date.h"

namespace mooring {

namespace {

enum class Comparison : std::uint8_t { strong, weak };

struct EntityTag {
  bool weak = false;
  std::string_view opaque;
};

// Takes the entity-tag at the front of `text`; false if there is none.
bool take_tag(std::string_view& text, EntityTag& tag) noexcept {
  tag.weak = text.starts_with("W/");
  if (tag.weak) text.remove_prefix(2);
  if (!text.starts_with('"')) return false;
  const std::size_t close = text.find('"', 1);
  if (close == std::string_view::npos) return false;
  tag.opaque = text.substr(1, close - 1);
  text.remove_prefix(close + 1);
  return true;
}

bool matches(const EntityTag& tag, std::string_view etag, Comparison comparison) noexcept {
  return !etag.empty() && tag.opaque == etag && (comparison == Comparison::weak || !tag.weak);
}

// Whether `list` ("*" or entity-tags) names the current representation. What cannot be read matches
// nothing.
bool names_current(std::string_view list, const Validators* current,
                   Comparison comparison) noexcept {
  list = Grammar::trim(list);
  if (list == "*") return current != nullptr;
  if (current == nullptr) return false;
  while (!list.empty()) {
    EntityTag tag;
    if (!take_tag(list, tag)) return false;
    if (matches(tag, current->etag, comparison)) return true;
    list = Grammar::trim(list);
    if (!list.empty() && list.front() != ',') return false;
    while (!list.empty() && (list.front() == ',' || Grammar::is_blank(list.front())))
      list.remove_prefix(1);
  }
  return false;
}

bool precondition_fails(const RequestHead& head, const Validators* current) noexcept {
  if (const auto list = head.find("If-Match"))
    return !names_current(*list, current, Comparison::strong);
  const auto text = head.find("If-Unmodified-Since");
  if (!text || current == nullptr) return false;
  const auto date = parse_http_date(*text);
  return date && current->last_modified_s > *date;
}

bool is_read(Method method) noexcept {
  return method == Method::get || method == Method::head;
}

Precondition judge_none_match(const RequestHead& head, const Validators* current) noexcept {
  if (const auto list = head.find("If-None-Match")) {
    if (!names_current(*list, current, Comparison::weak)) return Precondition::proceed;
    return is_read(head.method) ? Precondition::not_modified : Precondition::precondition_failed;
  }
  const auto text = head.find("If-Modified-Since");
  if (!text || current == nullptr || !is_read(head.method)) return Precondition::proceed;
  const auto date = parse_http_date(*text);
  return date && current->last_modified_s <= *date ? Precondition::not_modified
                                                   : Precondition::proceed;
}

// An entity-tag is compared strongly, a date exactly (RFC 9110 section 13.1.5).
bool if_range_holds(std::string_view value, const Validators& current) noexcept {
  EntityTag tag;
  if (take_tag(value, tag)) return value.empty() && matches(tag, current.etag, Comparison::strong);
  const auto date = parse_http_date(value);
  return date && *date == current.last_modified_s;
}

}  // namespace

ConditionalOutcome evaluate_conditions(const RequestHead& head,
                                       const Validators* current) noexcept {
  if (precondition_fails(head, current)) return {Precondition::precondition_failed, {}};
  const Precondition precondition = judge_none_match(head, current);
  if (precondition != Precondition::proceed) return {precondition, {}};
  const auto range = head.find("Range");
  if (!range || head.method != Method::get || current == nullptr) return {};
  const auto condition = head.find("If-Range");
  if (condition && !if_range_holds(*condition, *current)) return {};
  return {Precondition::proceed, *range};
}

}  // namespace mooring
