// What the two servers of the generator share: a thread and a listener per core.
#pragma once

#include "load/discard_server.h"
#include "mooring/core/core.h"
#include "mooring/core/gate.h"

namespace mooring {

/// Serves one connection until it ends. `state` is that of begin_core, one per core.
using ServeConnection = Task<void> (*)(Core& core, Fd socket, void* state);

struct Serving {
  const char* ready_text;  ///< printed in front of " on http://ADDR:PORT"
  ServeConnection serve;
  /// Called once per core on its thread; may be null. What it returns lives as long as the process.
  Result<void*> (*begin_core)(Core& core, const ServeOptions& options) = nullptr;
};

/// Returns only on an error.
[[nodiscard]] Status serve_forever(const ServeOptions& options, const Serving& serving);

void pin_thread_to(unsigned cpu) noexcept;

}  // namespace mooring
