// Confinement: what a worker process gives up before it sees the first byte of a stranger.
//
// For worker processes only, on their main thread, in this order:
//   1  leave_the_machine  before the image library starts (a user namespace needs a single thread):
//                         own network, IPC and names, where the kernel permits; nobody's identity
//                         if started as root; dies with the thread that started it
//   2  yield_to_uploads   its place at the processors, before there is a second thread
//   3  the image library starts: it reads its configuration, which needs files
//   4  limit_resources    memory, written bytes, descriptors, core dumps
//   5  forbid_system_calls  no_new_privs and a seccomp allow-list for every thread
//
// What is left after 5: memory, threads, time, and reading, writing and mapping what descriptors
// came with; no memory becomes code. Opening answers EACCES, for libraries try it in good faith;
// whatever else is not on the list (sockets, processes, exec, ptrace, io_uring, …) ends the
// process.
//
// RLIMIT_NPROC stays as it is, for it counts threads and the library needs some; the allow-list
// permits clone for threads only, which is the stronger rule. RLIMIT_CPU is set for each job
// (image/worker.cc).
#pragma once

#include "mooring/base/result.h"
#include "mooring/image/protocol.h"

namespace mooring {

/// Step 1. Where namespaces are not permitted it goes on without: step 5 denies sockets anyway.
[[nodiscard]] Status leave_the_machine();

/// Step 2. Uploads come first: the cores of the server are never made to wait for a picture, and an
/// upload that waits for its check is not made to wait for renditions.
[[nodiscard]] Status yield_to_uploads(ImageTask task);

/// Step 4.
[[nodiscard]] Status limit_resources(const ImageLimits& limits);

/// Step 5. A worker that cannot do this must not work: not_implemented.
[[nodiscard]] Status forbid_system_calls();

}  // namespace mooring
