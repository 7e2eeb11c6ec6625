#include "wire_form.h"

#include "mooring/base/check.h"

namespace mooring {

namespace {

using EventKind = MultipartParser::EventKind;
using Input = MultipartParser::Input;

// Takes every event the window has; false when more bytes are needed or all is said.
bool take_event(MultipartParser& parser, std::string& window, Input input, WireForm& form,
                WirePart& open, bool& in_part) {
  const auto event = parser.next(as_bytes(window), input);
  if (!event) {
    form.error = event.error().code;
    return false;
  }
  MOORING_CHECK(event->consumed_bytes <= window.size(), "consumed more than there is");
  MOORING_CHECK(input != Input::at_end || event->kind != EventKind::need_more,
                "need_more at the end");
  if (event->kind == EventKind::part_begin) {
    MOORING_CHECK(!in_part, "a part in a part");
    in_part = true;
    open = {parser.part().name, parser.part().filename, parser.part().content_type, ""};
  } else if (event->kind == EventKind::data) {
    MOORING_CHECK(in_part && event->data_bytes > 0, "data without a part");
    MOORING_CHECK(event->data_bytes == event->consumed_bytes, "data that is not in front");
    open.data += window.substr(0, event->data_bytes);
  } else if (event->kind == EventKind::part_end) {
    MOORING_CHECK(in_part, "the end of no part");
    in_part = false;
    form.parts.push_back(open);
  }
  window.erase(0, event->consumed_bytes);
  if (event->kind == EventKind::need_more && in_part)
    form.held_bytes_max = std::max(form.held_bytes_max, window.size());
  return event->kind != EventKind::need_more && event->kind != EventKind::done;
}

}  // namespace

WireForm read_form(std::string_view content_type, std::string_view body,
                   const std::vector<std::size_t>& ends, const MultipartLimits& limits) {
  WireForm form;
  const auto boundary = boundary_of(content_type);
  if (!boundary) {
    form.error = boundary.error().code;
    return form;
  }
  MultipartParser parser(*boundary, limits);
  std::string window;
  WirePart open;
  bool in_part = false;
  const auto arrive = [&](std::size_t end, Input input) {
    window.append(body.substr(form.arrived_bytes, end - form.arrived_bytes));
    form.arrived_bytes = end;
    while (take_event(parser, window, input, form, open, in_part)) {
    }
  };
  for (const std::size_t end : ends) {
    arrive(end, Input::more_may_follow);
    if (form.error) return form;
  }
  arrive(body.size(), Input::at_end);
  return form;
}

}  // namespace mooring
