// The parts of a form do not depend on the cuts, and little is held back.

#include "unit/http/wire_form.h"

#include "fuzz/fuzz.h"
#include "mooring/base/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mooring;
  std::string_view input = fuzz_text(data, size);
  const std::uint8_t seed = take_fuzz_seed(input);
  constexpr const char* kType = "multipart/form-data; boundary=B";
  MultipartLimits limits;
  limits.parts_max = 5;
  limits.text_field_bytes_max = 64;
  limits.part_head_bytes_max = 256;
  const WireForm whole = read_form(kType, input, {}, limits);
  const WireForm split = read_form(kType, input, fuzz_schedule(seed, input.size()), limits);
  MOORING_CHECK(whole.error == split.error, "the outcome depends on the cuts");
  if (!whole.error) MOORING_CHECK(whole == split, "the parts depend on the cuts");
  MOORING_CHECK(split.held_bytes_max <= 1 + 8, "too much held back");
  for (const WirePart& part : whole.parts) {
    MOORING_CHECK(!part.name.empty() && valid_utf8(part.name), "name of a part");
    if (part.filename)
      MOORING_CHECK(part.filename->find_first_of("/\\\r\n") == std::string::npos, "file name");
  }
  return 0;
}
