// DiscardServer: what the generator itself can do, measured: a server that does nothing.
//
// Receives any request and drops its body without copying it (lengths) or after decoding it
// (chunks), then answers 200 with {"len":N}. A GET of /bytes/N answers with N bytes of memory. So a
// run against it shows how fast the generator is when the server costs next to nothing, which every
// other result has to stay well below to mean anything.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mooring/base/result.h"
#include "mooring/uring/socket.h"

namespace mooring {

struct ServeOptions {
  Endpoint listen;
  std::uint32_t cores = 1;
  std::vector<unsigned> cpus = {};  ///< to which the cores are pinned, in turn
  std::string directory = {};       ///< where the limit server writes
};

/// Prints "mooring-load discarding on http://ADDR:PORT" and serves until the process is ended.
[[nodiscard]] Status serve_discard(const ServeOptions& options);

}  // namespace mooring
