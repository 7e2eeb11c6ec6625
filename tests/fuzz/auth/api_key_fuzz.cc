// Whatever is accepted as a key has the form of one, and no neighbour of it is accepted.

#include "mooring/auth/api_key.h"

#include <algorithm>
#include <string>

#include "fuzz/fuzz.h"

namespace {

using namespace mooring;

bool is_key_character(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz_text(data, size);
  const std::optional<PresentedKey> key = parse_api_key(input);
  if (!key) return 0;
  MOORING_CHECK(input.size() == kKeyTextChars, "a key of another length");
  MOORING_CHECK(input[kKeyPrefixChars] == '.', "a key without its dot");
  MOORING_CHECK(std::ranges::count_if(input, is_key_character) == kKeyTextChars - 1,
                "a key with other characters");
  MOORING_CHECK(key->prefix == input.substr(0, kKeyPrefixChars), "another prefix");
  for (std::size_t at = 0; at < input.size(); ++at) {
    std::string slip(input);
    slip[at] = slip[at] == '0' ? '1' : '0';
    MOORING_CHECK(!parse_api_key(slip).has_value(), "a slip of the pen is a key");
  }
  return 0;
}
