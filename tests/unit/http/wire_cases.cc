#include "wire_cases.h"

#include <fstream>
#include <iterator>

#include "mooring/base/check.h"
#include "mooring/base/json_reader.h"
#include "test_data.h"

namespace mooring {

namespace {

// The file stores bytes as the code points U+0000 to U+00FF.
std::string bytes_of(const std::string& utf8) {
  std::string bytes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    if (c < 0x80) {
      bytes.push_back(utf8[i]);
    } else {
      MOORING_CHECK(c <= 0xc3, "a code point that is no byte");
      bytes.push_back(static_cast<char>((c & 3) << 6 | (utf8[++i] & 0x3f)));
    }
  }
  return bytes;
}

std::string segment(const JsonValue& value) {
  if (value.is(JsonKind::string)) return bytes_of(value.as_string());
  const std::string unit = bytes_of(value.items()[0].as_string());
  std::string repeated;
  for (std::int64_t i = value.items()[1].as_integer(); i > 0; --i) repeated += unit;
  return repeated;
}

std::string text_of(const JsonValue& object, const char* key) {
  const std::string* text = object.find_string(key);
  return text == nullptr ? std::string() : bytes_of(*text);
}

}  // namespace

std::vector<WireCase> load_wire_cases(const std::string& list) {
  std::ifstream file(MOORING_TEST_DATA "/wire-cases.json", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto root = parse_json(text);
  MOORING_CHECK(root, "tests/data/wire-cases.json cannot be read");
  const JsonValue* cases = root->find(list);
  MOORING_CHECK(cases != nullptr, "no such list of cases");
  std::vector<WireCase> result;
  for (const JsonValue& entry : cases->items()) {
    WireCase one{text_of(entry, "id"), text_of(entry, "ct"), {}, text_of(entry, "expect")};
    for (const JsonValue& part : entry.find("segs")->items()) one.bytes += segment(part);
    if (one.bytes.ends_with("<FIN>")) one.bytes.resize(one.bytes.size() - 5);
    result.push_back(std::move(one));
  }
  return result;
}

}  // namespace mooring
