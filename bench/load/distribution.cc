#include "load/distribution.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>

#include "mooring/base/units.h"

namespace mooring {

namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::optional<std::uint64_t> value_of(std::string_view word, DistributionUnit unit) {
  return unit == DistributionUnit::bytes ? parse_size_bytes(word) : parse_duration_ms(word);
}

std::optional<double> positive_number(std::string_view word) {
  double number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return std::isfinite(number) && number > 0 ? std::optional(number) : std::nullopt;
}

}  // namespace

std::expected<Distribution, std::string> Distribution::parse(std::string_view text,
                                                             DistributionUnit unit) {
  const auto bad = [text](std::string_view why) {
    return std::unexpected(fmt::format("'{}' is no distribution: {}", text, why));
  };
  const std::vector<std::string_view> words = words_of(text);
  if (words.empty()) return bad("it is empty");
  Distribution made;
  if (words[0] == "uniform" || words[0] == "lognormal") {
    const bool uniform = words[0] == "uniform";
    if (words.size() != (uniform ? 3u : 4u))
      return bad(uniform ? "uniform LEAST MOST" : "lognormal MEDIAN SIGMA MOST");
    const auto least = value_of(words[1], unit);
    const auto most = value_of(words.back(), unit);
    const auto sigma = uniform ? std::optional(0.0) : positive_number(words[2]);
    if (!least || !most || !sigma) return bad("not the numbers it needs");
    if (*least > *most) return bad("the largest value is below the other one");
    made.shape_ = uniform ? Shape::uniform : Shape::lognormal;
    made.least_ = *least;
    made.most_ = *most;
    made.sigma_ = *sigma;
    return made;
  }
  made.choices_.clear();
  double total = 0;
  for (const std::string_view word : words) {
    const std::size_t star = word.find('*');
    const auto value = value_of(word.substr(0, star), unit);
    const auto weight = star == std::string_view::npos ? std::optional(1.0)
                                                       : positive_number(word.substr(star + 1));
    if (!value || !weight) return bad(fmt::format("'{}' is no VALUE*WEIGHT", word));
    made.choices_.push_back({*value, total += *weight});
  }
  for (Choice& choice : made.choices_) choice.weight_up_to /= total;
  return made;
}

std::uint64_t Distribution::sample(Random& random) const noexcept {
  if (shape_ == Shape::uniform) {
    const double span = static_cast<double>(most_ - least_) + 1;
    return std::min(most_, least_ + static_cast<std::uint64_t>(random.unit() * span));
  }
  if (shape_ == Shape::lognormal) {
    // Box and Muller; 1 - unit() is never 0.
    const double radius = std::sqrt(-2 * std::log(1 - random.unit()));
    const double normal = radius * std::cos(2 * std::numbers::pi * random.unit());
    const double value = static_cast<double>(least_) * std::exp(sigma_ * normal);
    return value >= static_cast<double>(most_) ? most_ : static_cast<std::uint64_t>(value);
  }
  if (choices_.size() == 1) return choices_.front().value;
  const double at = random.unit();
  const auto found = std::ranges::upper_bound(choices_, at, {}, &Choice::weight_up_to);
  return found == choices_.end() ? choices_.back().value : found->value;
}

std::uint64_t Distribution::largest() const noexcept {
  if (shape_ != Shape::choices) return most_;
  return std::ranges::max(choices_, {}, &Choice::value).value;
}

}  // namespace mooring
