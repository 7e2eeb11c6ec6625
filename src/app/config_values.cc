// Values of settings: sizes, durations, choices, addresses.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <type_traits>

#include "mooring/app/config_setting.h"
#include "mooring/base/units.h"

namespace mooring {

namespace {

std::span<const UnitSuffix> suffixes_of(Unit unit) {
  if (unit == Unit::bytes) return kSizeSuffixes;
  if (unit == Unit::duration) return kDurationSuffixes;
  return {};
}

// The names of an enum's values, in the order of the values.
template <typename Enum>
constexpr std::array<std::string_view, 0> kNames = {};
template <>
constexpr std::array<std::string_view, 2> kNames<Durability> = {"durable", "relaxed"};
template <>
constexpr std::array<std::string_view, 2> kNames<DirectIo> = {"automatic", "off"};
template <>
constexpr std::array<std::string_view, 3> kNames<VerifyAtStart> = {"none", "names", "contents"};
template <>
constexpr std::array<std::string_view, 3> kNames<AccessLog> = {"off", "text", "json"};
template <>
constexpr std::array<std::string_view, 4> kNames<LogLevel> = {"debug", "info", "warning", "error"};
template <>
constexpr std::array<std::string_view, 2> kNames<LogFormat> = {"text", "json"};
template <>
constexpr std::array<std::string_view, 3> kNames<TokenAlgorithm> = {"HS256", "RS256", "ES256"};

template <>
constexpr std::array<std::string_view, 2> kNames<RenditionMode> = {"lazy", "eager"};

std::string print_number(std::uint64_t number, Unit unit) {
  for (const UnitSuffix& suffix : suffixes_of(unit)) {
    if (number == 0 || number % suffix.factor != 0) continue;
    return fmt::format("{}{}", number / suffix.factor, suffix.name);
  }
  return fmt::format("{}{}", number, unit == Unit::duration ? "s" : "");
}

std::optional<std::uint64_t> number_of(const SettingValue& value, Unit unit) {
  if (const auto* const text = std::get_if<std::string>(&value))
    return parse_with_suffix(*text, suffixes_of(unit));
  const auto* const number = std::get_if<std::int64_t>(&value);
  // A bare number would be a duration of what?
  if (number == nullptr || *number < 0 || unit == Unit::duration) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

struct Range {
  Unit unit;
  std::uint64_t least;
  std::uint64_t most;
};

std::optional<std::string> fill(std::uint64_t& out, const Range& range, const SettingValue& value) {
  const std::optional<std::uint64_t> number = number_of(value, range.unit);
  if (number && *number >= range.least && *number <= range.most) {
    out = *number;
    return std::nullopt;
  }
  constexpr std::string_view kHints[] = {"", "an integer", R"(a size such as 4096 or "16MiB")",
                                         R"(a duration such as "500ms", "10s" or "5m")"};
  return fmt::format("must be {}, {} to {}", kHints[static_cast<std::size_t>(range.unit)],
                     print_number(range.least, range.unit), print_number(range.most, range.unit));
}

std::optional<std::string> fill(bool& out, const Range&, const SettingValue& value) {
  const bool* const flag = std::get_if<bool>(&value);
  if (flag == nullptr) return "must be true or false";
  out = *flag;
  return std::nullopt;
}

std::optional<std::string> fill(std::string& out, const Range& range, const SettingValue& value) {
  const std::string* const text = std::get_if<std::string>(&value);
  if (text == nullptr || text->size() < range.least || text->size() > range.most ||
      text->find('\0') != std::string::npos)
    return fmt::format("must be a text of {} to {} bytes", range.least, range.most);
  out = *text;
  return std::nullopt;
}

std::optional<std::string> fill(Endpoint& out, const Range& range, const SettingValue& value) {
  const std::string* const text = std::get_if<std::string>(&value);
  if (text != nullptr && text->empty() && range.least == 0) {
    out = {};
    return std::nullopt;
  }
  Result<Endpoint> endpoint = text == nullptr ? fail(Errc::invalid) : parse_endpoint(*text);
  if (!endpoint) return R"(must be a numeric address and a port, "127.0.0.1:8080" or "[::1]:8080")";
  out = *std::move(endpoint);
  return std::nullopt;
}

template <typename Enum>
  requires std::is_enum_v<Enum>
std::optional<std::string> fill(Enum& out, const Range&, const SettingValue& value) {
  const std::string* const text = std::get_if<std::string>(&value);
  for (std::size_t i = 0; text != nullptr && i < kNames<Enum>.size(); ++i) {
    if (kNames<Enum>[i] != *text) continue;
    out = static_cast<Enum>(i);
    return std::nullopt;
  }
  return fmt::format("must be one of \"{}\"", fmt::join(kNames<Enum>, "\", \""));
}

}  // namespace

std::optional<std::string> assign(const Slot& slot, Unit unit, std::uint64_t least,
                                  std::uint64_t most, const SettingValue& value) {
  return std::visit([&](auto* member) { return fill(*member, Range{unit, least, most}, value); },
                    slot);
}

}  // namespace mooring
