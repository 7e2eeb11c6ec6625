#include <fmt/format.h>

#include <cstdio>

#include "mooring/app/commands.h"
#include "mooring/app/exit_code.h"
#include "mooring/base/fault.h"

namespace mooring {

int run_faults() {
  if (!faults_can_be_armed()) {
    std::fputs("mooring: built without the option `faults`\n", stderr);
    return kExitConfiguration;
  }
  fmt::print("{}", list_faults());
  return kExitOk;
}

}  // namespace mooring
