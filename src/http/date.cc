#include "mooring/http/date.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "grammar.h"

namespace mooring {

namespace {

constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

void two_digits(char* at, unsigned number) noexcept {
  at[0] = static_cast<char>('0' + number / 10 % 10);
  at[1] = static_cast<char>('0' + number % 10);
}

// Takes the parts of a date off the front of a text; `ok` turns false at the first that is not
// there.
struct Reader {
  std::string_view rest;
  bool ok = true;

  void literal(std::string_view text) noexcept {
    ok = ok && rest.starts_with(text);
    if (ok) rest.remove_prefix(text.size());
  }

  int number(std::size_t digits) noexcept {
    int value = 0;
    ok = ok && rest.size() >= digits;
    for (std::size_t i = 0; ok && i < digits; ++i) {
      ok = Grammar::is_digit(rest[i]);
      value = value * 10 + (rest[i] - '0');
    }
    if (ok) rest.remove_prefix(digits);
    return value;
  }

  unsigned month() noexcept {
    const std::size_t at =
        rest.size() < 3 ? std::string_view::npos : kMonths.find(rest.substr(0, 3));
    ok = ok && at != std::string_view::npos && at % 3 == 0;
    if (ok) rest.remove_prefix(3);
    return static_cast<unsigned>(at / 3 + 1);
  }

  // A day's name, cut to `letters` (0: the whole).
  void day_name(std::size_t letters) noexcept {
    for (const std::string_view day : kDays) {
      const std::string_view name = day.substr(0, letters == 0 ? day.size() : letters);
      if (!ok || !rest.starts_with(name)) continue;
      rest.remove_prefix(name.size());
      return;
    }
    ok = false;
  }
};

struct Parts {
  int year = 0;
  unsigned month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;

  void time(Reader& reader) noexcept {
    hour = reader.number(2);
    reader.literal(":");
    minute = reader.number(2);
    reader.literal(":");
    second = reader.number(2);
  }
};

std::optional<std::int64_t> seconds_of(const Reader& reader, const Parts& parts) noexcept {
  if (!reader.ok || !reader.rest.empty()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(parts.year),
                                         std::chrono::month(parts.month),
                                         std::chrono::day(static_cast<unsigned>(parts.day))};
  if (!date.ok() || parts.year < 1) return std::nullopt;  // no year 0: it could not be written
  if (parts.hour > 23 || parts.minute > 59 || parts.second > 60) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return std::int64_t{days} * 86'400 + parts.hour * 3600 + parts.minute * 60 + parts.second;
}

// Sun, 06 Nov 1994 08:49:37 GMT
std::optional<std::int64_t> parse_imf_fixdate(std::string_view text) noexcept {
  Reader reader{text};
  Parts parts;
  reader.day_name(3);
  reader.literal(", ");
  parts.day = reader.number(2);
  reader.literal(" ");
  parts.month = reader.month();
  reader.literal(" ");
  parts.year = reader.number(4);
  reader.literal(" ");
  parts.time(reader);
  reader.literal(" GMT");
  return seconds_of(reader, parts);
}

// Sunday, 06-Nov-94 08:49:37 GMT
std::optional<std::int64_t> parse_rfc850(std::string_view text) noexcept {
  Reader reader{text};
  Parts parts;
  reader.day_name(0);
  reader.literal(", ");
  parts.day = reader.number(2);
  reader.literal("-");
  parts.month = reader.month();
  reader.literal("-");
  const int year = reader.number(2);
  parts.year = year < 70 ? 2000 + year : 1900 + year;
  reader.literal(" ");
  parts.time(reader);
  reader.literal(" GMT");
  return seconds_of(reader, parts);
}

// Sun Nov  6 08:49:37 1994
std::optional<std::int64_t> parse_asctime(std::string_view text) noexcept {
  Reader reader{text};
  Parts parts;
  reader.day_name(3);
  reader.literal(" ");
  parts.month = reader.month();
  reader.literal(" ");
  const bool padded = reader.rest.starts_with(' ');
  if (padded) reader.literal(" ");
  parts.day = reader.number(padded ? 1 : 2);
  reader.literal(" ");
  parts.time(reader);
  reader.literal(" ");
  parts.year = reader.number(4);
  return seconds_of(reader, parts);
}

}  // namespace

std::array<char, kHttpDateBytes> format_http_date(std::int64_t unix_s) noexcept {
  constexpr std::int64_t kFirst = -62'135'596'800;  // 0001-01-01T00:00:00Z
  constexpr std::int64_t kLast = 253'402'300'799;   // 9999-12-31T23:59:59Z
  const std::chrono::sys_seconds time{std::chrono::seconds(std::clamp(unix_s, kFirst, kLast))};
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(time - days);
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));

  std::array<char, kHttpDateBytes> out;
  std::memcpy(out.data(), "ddd, DD mmm YYYY HH:MM:SS GMT", kHttpDateBytes);
  std::memcpy(out.data(), kDays[std::chrono::weekday(days).c_encoding()].data(), 3);
  two_digits(&out[5], static_cast<unsigned>(date.day()));
  std::memcpy(&out[8], kMonths.data() + 3 * (static_cast<unsigned>(date.month()) - 1), 3);
  two_digits(&out[12], year / 100);
  two_digits(&out[14], year % 100);
  two_digits(&out[17], static_cast<unsigned>(clock.hours().count()));
  two_digits(&out[20], static_cast<unsigned>(clock.minutes().count()));
  two_digits(&out[23], static_cast<unsigned>(clock.seconds().count()));
  return out;
}

std::optional<std::int64_t> parse_http_date(std::string_view text) noexcept {
  if (text.size() == kHttpDateBytes && text[3] == ',') return parse_imf_fixdate(text);
  if (text.find(',') != std::string_view::npos) return parse_rfc850(text);
  return parse_asctime(text);
}

std::string_view DateCache::at(std::int64_t unix_s) noexcept {
  if (unix_s != unix_s_) {
    text_ = format_http_date(unix_s);
    unix_s_ = unix_s;
  }
  return {text_.data(), text_.size()};
}

}  // namespace mooring
