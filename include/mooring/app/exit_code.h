// Exit codes: what a script or a service manager learns from the end of `mooring`. Numbers as in
// sysexits.h, where it has one for the case.
#pragma once

#include "mooring/base/result.h"

namespace mooring {

inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 64;           ///< the command line is wrong
inline constexpr int kExitIoError = 70;         ///< stopped on an I/O error
inline constexpr int kExitDamaged = 71;         ///< a damaged catalogue or store
inline constexpr int kExitAlreadyRunning = 75;  ///< another process has the data directory
inline constexpr int kExitConfiguration = 78;   ///< the configuration is wrong

/// The code with which a command ends that could not open or read the store.
[[nodiscard]] int exit_code_of(const Error& error) noexcept;

}  // namespace mooring
