// The outcome of a request head does not depend on the cuts, and what is accepted keeps its
// promises.

#include <optional>
#include <string>

#include "fuzz/fuzz.h"
#include "mooring/http/request_head.h"

namespace {

using namespace mooring;

struct Outcome {
  std::optional<Errc> error;
  std::optional<std::size_t> head_bytes;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome feed(HeadParser& parser, std::string_view input, const std::vector<std::size_t>& ends) {
  for (std::size_t i = 0; i <= ends.size(); ++i) {
    const auto result = parser.parse(input.substr(0, i < ends.size() ? ends[i] : input.size()));
    if (!result) return {result.error().code, std::nullopt};
    if (*result) return {std::nullopt, **result};
  }
  return {};
}

void check_head(const RequestHead& head, std::string_view bytes) {
  MOORING_CHECK(bytes.ends_with("\r\n\r\n"), "a head ends with an empty line");
  MOORING_CHECK(head.fields.size() <= kHeadFieldSlots, "too many fields");
  MOORING_CHECK(head.path == "*" || head.path.starts_with('/'), "form of a path");
  MOORING_CHECK(head.minor_version == 0 || !head.host.empty(), "no host");
  MOORING_CHECK((head.content_length > 0) == (head.body == BodyKind::length), "kind of body");
  MOORING_CHECK(head.content_length <= INT64_MAX, "a length that wraps");
  for (const Field& field : head.fields) {
    MOORING_CHECK(!field.name.empty(), "an empty name");
    MOORING_CHECK(field.value.find_first_of(std::string_view("\r\n\0", 3)) == field.value.npos,
                  "a line end in a value");
  }
  const bool both = head.find("Content-Length") && head.find("Transfer-Encoding");
  MOORING_CHECK(!both, "two lengths");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz_text(data, size);
  const std::uint8_t seed = take_fuzz_seed(input);
  static HeadParser whole;
  static HeadParser split;
  const Outcome one = feed(whole, input, {});
  const Outcome two = feed(split, input, fuzz_schedule(seed, input.size()));
  MOORING_CHECK(one == two, "the outcome depends on the cuts");
  if (one.head_bytes) {
    check_head(whole.head(), input.substr(0, *one.head_bytes));
    MOORING_CHECK(whole.head().path == split.head().path, "the path depends on the cuts");
    MOORING_CHECK(whole.head().fields.size() == split.head().fields.size(), "fields differ");
  }
  whole.reset();
  split.reset();
  return 0;
}
