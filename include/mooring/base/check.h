// CHECK: programmer errors stop the process, in every build.
//
// A CHECK states an invariant of ours. What a peer, a disk or an operator can cause is never a
// CHECK: it is a Result (base/result.h). A failed CHECK prints the place, the condition and the
// message to standard error and aborts, so that a core dump shows the state that broke the
// invariant.
#pragma once

namespace mooring {

/// Prints and aborts. Any thread. Never returns.
[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               const char* message) noexcept;

}  // namespace mooring

#define MOORING_CHECK(condition, message)                               \
  do {                                                                  \
    if (!(condition)) [[unlikely]]                                      \
      ::mooring::check_failed(__FILE__, __LINE__, #condition, message); \
  } while (false)
