// Random: a small, fast, seedable source of numbers (SplitMix64). Not for secrets.
#pragma once

#include <cstdint>
#include <limits>

namespace mooring {

/// The output function of SplitMix64: neighbouring inputs give unrelated outputs.
[[nodiscard]] constexpr std::uint64_t mix_bits(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// One thread. The same seed gives the same sequence on every machine.
class Random {
 public:
  using result_type = std::uint64_t;

  explicit constexpr Random(std::uint64_t seed) noexcept : state_(seed) {}

  constexpr std::uint64_t operator()() noexcept {
    state_ += 0x9e3779b97f4a7c15u;
    return mix_bits(state_);
  }
  /// From 0 up to, not including, 1.
  constexpr double unit() noexcept {
    constexpr double kStep = 1.0 / 9007199254740992.0;  // 2^-53: what a double can tell apart
    return static_cast<double>((*this)() >> 11) * kStep;
  }

  [[nodiscard]] static constexpr std::uint64_t min() noexcept { return 0; }
  [[nodiscard]] static constexpr std::uint64_t max() noexcept {
    return std::numeric_limits<std::uint64_t>::max();
  }

 private:
  std::uint64_t state_;
};

}  // namespace mooring
