// Distribution: a number that may differ from request to request: a size, or a time to think.
//
// Written as one text, in a scenario as on the command line:
//
//   "64KiB"                          always this
//   "uniform 1KiB 1MiB"              every value from the first to the second, equally often
//   "lognormal 64KiB 1.5 100MiB"     median, sigma of the logarithm, and the largest value (what
//                                    lies above is cut to it): how sizes of files lie in the wild
//   "4KiB*70 64KiB*25 1MiB*5"        these, with weights
//
// Immutable after parse; any thread samples with a Random of its own.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "load/random.h"

namespace mooring {

enum class DistributionUnit : std::uint8_t { bytes, milliseconds };

class Distribution {
 public:
  /// Always `value`.
  explicit Distribution(std::uint64_t value = 0) : choices_{{value, 1.0}} {}

  /// The error says what is wrong, for people.
  [[nodiscard]] static std::expected<Distribution, std::string> parse(std::string_view text,
                                                                      DistributionUnit unit);

  [[nodiscard]] std::uint64_t sample(Random& random) const noexcept;
  /// Nothing that is sampled is larger.
  [[nodiscard]] std::uint64_t largest() const noexcept;

 private:
  enum class Shape : std::uint8_t { choices, uniform, lognormal };
  struct Choice {
    std::uint64_t value;
    double weight_up_to;  ///< of this choice and of those before it, 1.0 for the last
  };

  Shape shape_ = Shape::choices;
  std::vector<Choice> choices_;
  std::uint64_t least_ = 0;  // uniform: the first; lognormal: the median
  std::uint64_t most_ = 0;
  double sigma_ = 0;
};

}  // namespace mooring
