// A range that is answered lies within the representation; dates and conditions never fault.

#include "fuzz/fuzz.h"
#include "mooring/http/conditional.h"
#include "mooring/http/date.h"
#include "mooring/http/range.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mooring;
  std::string_view input = fuzz_text(data, size);
  const std::uint8_t seed = take_fuzz_seed(input);
  const std::uint64_t bytes = seed < 128 ? seed : UINT64_MAX >> (seed % 64);
  const RangeDecision range = decide_range(input, bytes);
  if (range.kind == RangeKind::satisfiable)
    MOORING_CHECK(range.first <= range.last && range.last < bytes, "a range outside");
  if (const auto date = parse_http_date(input)) {
    const auto text = format_http_date(*date);
    MOORING_CHECK(parse_http_date({text.data(), text.size()}) == date, "date does not round-trip");
  }
  const Field fields[] = {
      {"If-None-Match", input}, {"If-Match", input}, {"If-Range", input}, {"Range", input}};
  constexpr Validators kCurrent{"abc", 784111777};
  for (std::size_t i = 0; i < 4; ++i) {
    RequestHead head;
    head.fields = std::span(fields).subspan(i);
    const ConditionalOutcome outcome = evaluate_conditions(head, &kCurrent);
    MOORING_CHECK(outcome.precondition == Precondition::proceed || outcome.range.empty(),
                  "a range on a failed condition");
  }
  return 0;
}
