// What fuzz targets share: the entry point's declaration, a check, and a schedule of splits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "mooring/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
/// A target may define it: called once, before anything else.
extern "C" [[gnu::weak]] int LLVMFuzzerInitialize(int* argument_count, char*** arguments);

namespace mooring {

/// The input as text.
inline std::string_view fuzz_text(const std::uint8_t* data, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(data), size};
}

/// Takes the first byte off the input as a seed; 0 for an empty input.
inline std::uint8_t take_fuzz_seed(std::string_view& input) noexcept {
  if (input.empty()) return 0;
  const auto seed = static_cast<std::uint8_t>(input.front());
  input.remove_prefix(1);
  return seed;
}

/// Ascending places to cut `bytes` bytes at, by `seed`: single bytes, or pieces of pseudo-random
/// length.
inline std::vector<std::size_t> fuzz_schedule(std::uint8_t seed, std::size_t bytes) {
  std::vector<std::size_t> ends;
  std::uint32_t state = seed * 2654435761u + 1;
  const std::uint32_t longest = 1u << (seed % 8);
  for (std::size_t end = 0;;) {
    state = state * 1664525u + 1013904223u;
    end += 1 + (state >> 16) % longest;
    if (end >= bytes) return ends;
    ends.push_back(end);
  }
}

}  // namespace mooring
