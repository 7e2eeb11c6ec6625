#include "rocks_log.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string_view>

#include "mooring/base/log.h"

namespace mooring {
namespace {

using rocksdb::InfoLogLevel;

class RocksLog final : public rocksdb::Logger {
 public:
  RocksLog() : Logger(InfoLogLevel::WARN_LEVEL) {}

  void Logv(const char*, std::va_list) override {}  // without a level: of no use to an operator
  void Logv(InfoLogLevel level, const char* format, std::va_list arguments) override {
    if (level < GetInfoLogLevel() || level == InfoLogLevel::HEADER_LEVEL) return;
    std::array<char, 1024> line;  // longer ones are cut
    const int size = std::vsnprintf(line.data(), line.size(), format, arguments);
    if (size < 0) return;
    std::string_view text = line.data();
    while (text.ends_with('\n')) text.remove_suffix(1);
    log_line(level == InfoLogLevel::WARN_LEVEL ? LogLevel::warning : LogLevel::error, "catalog",
             text);
  }
};

}  // namespace

std::shared_ptr<rocksdb::Logger> rocks_log() {
  return std::make_shared<RocksLog>();
}

}  // namespace mooring
