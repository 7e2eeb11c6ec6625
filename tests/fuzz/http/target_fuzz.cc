// Paths and queries decode to text that means one thing; encoding undoes decoding.

#include <string>

#include "fuzz/fuzz.h"
#include "mooring/base/utf8.h"
#include "mooring/http/target.h"

namespace {

using namespace mooring;

void check_path(std::string_view input) {
  const auto path = split_path(input);
  if (!path) return;
  std::string again;
  for (std::size_t i = 0; i < path->size(); ++i) {
    const std::string_view segment = (*path)[i];
    MOORING_CHECK(!segment.empty() && segment != "." && segment != "..", "dot segment");
    MOORING_CHECK(valid_utf8(segment), "not text");
    MOORING_CHECK(segment.find_first_of(std::string_view("/\\\0\r\n", 5)) == segment.npos,
                  "separator");
    again += '/';
    percent_encode(segment, again);
  }
  if (path->trailing_slash() || path->empty()) again += '/';
  if (again.size() > UINT16_MAX) return;
  const auto second = split_path(again);
  MOORING_CHECK(second && second->size() == path->size(), "encoding and decoding disagree");
  for (std::size_t i = 0; i < path->size(); ++i)
    MOORING_CHECK((*second)[i] == (*path)[i], "encoding and decoding disagree");
  MOORING_CHECK(second->trailing_slash() == path->trailing_slash(), "trailing slash");
}

void check_query(std::string_view input) {
  const auto query = parse_query(input);
  if (!query) return;
  std::string again;
  for (const QueryParameter& parameter : query->all()) {
    MOORING_CHECK(valid_utf8(parameter.name) && valid_utf8(parameter.value), "not text");
    percent_encode(parameter.name, again);
    again += '=';
    percent_encode(parameter.value, again);
    again += '&';
  }
  const auto second = parse_query(again);
  MOORING_CHECK(second && second->all().size() == query->all().size(), "query does not round-trip");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz_text(data, size);
  check_path(input);
  check_query(input);
  return 0;
}
