#include "mooring/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "mooring/base/clock.h"

namespace mooring {

namespace {

struct Log {
  LogFormat format = LogFormat::text;
  LogLevel level = LogLevel::info;
  std::shared_ptr<spdlog::logger> sink;

  Log()
      : sink(std::make_shared<spdlog::logger>("mooring",
                                              std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
    sink->set_pattern("%v");
    sink->set_level(spdlog::level::trace);
    sink->flush_on(spdlog::level::trace);
  }
};

Log& the_log() {
  static Log log;
  return log;
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "info";
}

}  // namespace

void init_log(LogLevel level, LogFormat format) {
  the_log().level = level;
  the_log().format = format;
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
}

void log_line(LogLevel level, std::string_view area, std::string_view message) {
  Log& log = the_log();
  if (level < log.level) return;
  std::string safe;
  safe.reserve(message.size() + 16);
  const std::string now = iso8601(wall_ms());
  if (log.format == LogFormat::json) {
    append_escaped(safe, message);
    log.sink->info(R"({{"time":"{}","level":"{}","area":"{}","message":"{}"}})", now,
                   name_of(level), area, safe);
    return;
  }
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      safe += fmt::format("\\x{:02x}", byte);
    } else {
      safe += c;
    }
  }
  log.sink->info("{} {:<7} {:<8} {}", now, name_of(level), area, safe);
}

}  // namespace mooring
