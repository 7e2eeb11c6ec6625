#include <fmt/format.h>

#include <algorithm>

#include "mooring/app/commands.h"
#include "mooring/app/doctor.h"
#include "mooring/app/exit_code.h"

namespace mooring {

int run_doctor(const DoctorOptions& options) {
  Config config;
  if (options.config_file) {
    std::expected<Config, ConfigError> loaded = load_config(*options.config_file);
    if (!loaded) {
      fmt::print(stderr, "mooring doctor: {}\n", describe(loaded.error()));
      return kExitConfiguration;
    }
    config = std::move(*loaded);
  }
  if (options.data_dir) config.data.dir = *options.data_dir;

  const std::vector<Finding> findings = examine(config);
  for (const Finding& finding : findings) fmt::print("{}\n", describe(finding));
  const bool is_fatal = std::ranges::any_of(
      findings, [](const Finding& finding) { return finding.grade == Finding::Grade::fatal; });
  return is_fatal ? kExitConfiguration : kExitOk;
}

}  // namespace mooring
