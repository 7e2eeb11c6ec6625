// The log: one line per event on standard error, as text for people or as JSON lines.
//
// Logging is for what an operator should see; it is never on the path of a request (that is the
// access log's and the metrics' place). Control bytes in arguments are escaped, so a client cannot
// forge lines. Any thread.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace mooring {

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { text, json };

/// Call once, before the first thread. Without it: text, info.
void init_log(LogLevel level, LogFormat format);

/// Writes one line: time, level, `area` (a floor or a wing, such as "blob") and the message.
void log_line(LogLevel level, std::string_view area, std::string_view message);

/// Appends `text` to `out` with control bytes, quotes and backslashes escaped as in JSON.
void append_escaped(std::string& out, std::string_view text);

template <typename... Args>
void log_info(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::info, area, fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
void log_warning(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::warning, area, fmt::format(format, std::forward<Args>(args)...));
}

template <typename... Args>
void log_error(std::string_view area, fmt::format_string<Args...> format, Args&&... args) {
  log_line(LogLevel::error, area, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace mooring
