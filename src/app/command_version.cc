#include <fmt/format.h>

#include "mooring/app/commands.h"
#include "mooring/app/exit_code.h"
#include "mooring/app/version.h"

namespace mooring {

int run_version() {
  fmt::print("mooring {}\n", kVersion);
  return kExitOk;
}

}  // namespace mooring
