// The worker process: takes pictures of strangers apart, one at a time, and nothing else.
//
// The hidden command of the binary (`mooring image-worker`), started by the pool (image/process.h)
// with its socket as descriptor 3. It confines itself (image/confine.h), says that it is ready, and
// answers requests until the socket closes. The image library is linked into the server's binary
// but is never started anywhere else than here.
//
// A request that the library refuses is an answer; one that kills the process is the pool's
// business. Between two requests nothing of the first is left but what the library keeps of itself.
#pragma once

#include <string_view>

namespace mooring {

/// The first argument of the binary that means: be an image worker.
inline constexpr std::string_view kImageWorkerCommand = "image-worker";
/// Where a worker finds its socket.
inline constexpr int kWorkerSocket = 3;

/// Returns the exit code: 0 when the pool closed the socket, 70 when the worker cannot work.
[[nodiscard]] int run_image_worker(int socket) noexcept;

}  // namespace mooring
