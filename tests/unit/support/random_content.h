// Bytes that compress badly and are the same for the same seed.
#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace mooring {

inline std::vector<std::byte> random_content(std::size_t size_bytes, unsigned seed) {
  std::mt19937_64 source(seed);
  std::vector<std::byte> content(size_bytes);
  for (std::byte& b : content) b = static_cast<std::byte>(source());
  return content;
}

}  // namespace mooring
