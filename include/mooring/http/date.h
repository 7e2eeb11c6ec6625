// HTTP dates, RFC 9110 section 5.6.7. No clock in here: the second comes from the caller.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mooring {

inline constexpr std::size_t kHttpDateBytes = 29;

/// "Sun, 06 Nov 1994 08:49:37 GMT" into exactly kHttpDateBytes bytes. Years 1 to 9999; outside of
/// them the nearest representable date.
[[nodiscard]] std::array<char, kHttpDateBytes> format_http_date(std::int64_t unix_s) noexcept;

/// Seconds since 1970 of an IMF-fixdate, an RFC 850 date or an asctime date, as a recipient must
/// accept them. nullopt for anything else (a condition with a bad date is ignored). The day of the
/// week must be the name of a day but need not be the right one. Two-digit years: 70 to 99 are
/// 19xx.
[[nodiscard]] std::optional<std::int64_t> parse_http_date(std::string_view text) noexcept;

/// The date of this second, formatted once per second. One per core; not shared between threads.
class DateCache {
 public:
  /// Valid until the next call.
  [[nodiscard]] std::string_view at(std::int64_t unix_s) noexcept;

 private:
  std::int64_t unix_s_ = INT64_MIN;
  std::array<char, kHttpDateBytes> text_{};
};

}  // namespace mooring
