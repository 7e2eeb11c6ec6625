#include "mooring/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace mooring {

void check_failed(const char* file, int line, const char* condition, const char* message) noexcept {
  std::fprintf(stderr, "mooring: CHECK failed at %s:%d: %s (%s)\n", file, line, message, condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace mooring
