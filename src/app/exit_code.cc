#include "mooring/app/exit_code.h"

namespace mooring {

int exit_code_of(const Error& error) noexcept {
  switch (error.code) {
    case Errc::conflict:
      return kExitAlreadyRunning;
    case Errc::corrupt:
      return kExitDamaged;
    case Errc::not_found:
    case Errc::invalid:
    case Errc::not_implemented:
    case Errc::forbidden:
      return kExitConfiguration;
    default:
      return kExitIoError;
  }
}

}  // namespace mooring
