// What the JSON reader accepts can be written again, and reads as the same value; no object of it
// has a key twice.

#include "mooring/base/json_reader.h"

#include <cmath>
#include <set>

#include "fuzz/fuzz.h"
#include "mooring/base/json_writer.h"

namespace {

using namespace mooring;

void write(const JsonValue& value, JsonWriter& out) {
  switch (value.kind()) {
    case JsonKind::null:
      out.null();
      return;
    case JsonKind::boolean:
      out.value(value.as_boolean());
      return;
    case JsonKind::integer:
    case JsonKind::number:
      MOORING_CHECK(std::isfinite(value.as_number()), "a number without end");
      out.raw(value.as_written());
      return;
    case JsonKind::string:
      out.value(std::string_view(value.as_string()));
      return;
    case JsonKind::array:
      out.begin_array();
      for (const JsonValue& item : value.items()) write(item, out);
      out.end_array();
      return;
    case JsonKind::object: {
      std::set<std::string_view> keys;
      out.begin_object();
      for (const JsonMember& member : value.members()) {
        MOORING_CHECK(keys.insert(member.key).second, "a key twice");
        MOORING_CHECK(value.find(member.key) == &member.value, "find finds another member");
        write(member.value, out.key(member.key));
      }
      out.end_object();
      return;
    }
  }
}

std::string written(const JsonValue& value) {
  JsonWriter out;
  write(value, out);
  return out.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<JsonValue> value = parse_json(fuzz_text(data, size));
  if (!value) return 0;
  const std::string first = written(*value);
  const Result<JsonValue> again = parse_json(first);
  MOORING_CHECK(again.has_value(), "what was written cannot be read");
  MOORING_CHECK(written(*again) == first, "another value");
  return 0;
}
