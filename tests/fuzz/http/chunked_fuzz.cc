// Payload and outcome of a chunked body do not depend on the cuts, and the payload is bounded.

#include <optional>
#include <string>

#include "fuzz/fuzz.h"
#include "mooring/http/chunked.h"

namespace {

using namespace mooring;

constexpr std::uint64_t kBodyBytesMax = 4096;

struct Outcome {
  std::optional<Errc> error;
  bool done = false;
  std::string payload;
  std::size_t consumed = 0;
};

Outcome feed(std::string_view input, const std::vector<std::size_t>& ends) {
  Outcome outcome;
  ChunkedDecoder decoder(kBodyBytesMax);
  for (std::size_t i = 0; i <= ends.size() && !outcome.done; ++i) {
    const std::size_t end = i < ends.size() ? ends[i] : input.size();
    std::string raw(input.substr(outcome.consumed, end - outcome.consumed));
    const auto decoded = decoder.decode(std::as_writable_bytes(std::span(raw)));
    if (!decoded) {
      outcome.error = decoded.error().code;
      return outcome;
    }
    MOORING_CHECK(decoded->payload_bytes <= decoded->consumed_bytes, "I3");
    MOORING_CHECK(decoded->done || decoded->consumed_bytes == raw.size(), "I2");
    MOORING_CHECK(raw.substr(decoded->consumed_bytes) ==
                      input.substr(outcome.consumed + decoded->consumed_bytes,
                                   raw.size() - decoded->consumed_bytes),
                  "I2: the next request was touched");
    outcome.payload += raw.substr(0, decoded->payload_bytes);
    outcome.consumed += decoded->consumed_bytes;
    outcome.done = decoded->done;
  }
  MOORING_CHECK(outcome.payload.size() <= kBodyBytesMax, "I3: more than the limit");
  MOORING_CHECK(outcome.payload.size() == decoder.body_bytes(), "a wrong count");
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz_text(data, size);
  const std::uint8_t seed = take_fuzz_seed(input);
  const Outcome whole = feed(input, {});
  const Outcome split = feed(input, fuzz_schedule(seed, input.size()));
  MOORING_CHECK(whole.error == split.error && whole.done == split.done, "I1: outcome");
  if (!whole.error)
    MOORING_CHECK(whole.payload == split.payload && whole.consumed == split.consumed,
                  "I1: payload");
  return 0;
}
