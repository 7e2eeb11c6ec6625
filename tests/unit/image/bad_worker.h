// Workers that do what a worker taken over by a stranger would do.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "mooring/image/confine.h"
#include "mooring/image/protocol.h"
#include "mooring/image/worker.h"
#include "mooring/uring/file.h"

namespace mooring {

/// Under the limit of a worker: until an allocation fails, which ends it as it ends libraries.
[[noreturn]] inline void eat_memory(const ImageLimits& limits) {
  constexpr std::size_t kPieceBytes = 1_MiB;
  if (!limit_resources(limits)) ::_exit(0);
  while (void* const piece = std::malloc(kPieceBytes)) std::memset(piece, 1, kPieceBytes);
  std::abort();
}

inline int run_bad_worker(std::string_view vice) {
  WorkerGreeting greeting;
  std::array<Fd, 2> files;
  if (!receive_message(kWorkerSocket, writable_bytes_of(greeting), files, -1)) return 1;
  if (vice == "never ready") return 1;
  if (vice == "hangs at its start") ::pause();
  const WorkerReady ready{vice == "wrong magic" ? 1u : kWorkerReadyMagic};
  if (!send_message(kWorkerSocket, bytes_of(ready))) return 1;
  while (true) {
    WorkerRequest request;
    if (!receive_message(kWorkerSocket, writable_bytes_of(request), files, -1)) return 0;
    const int output = files[1].get();
    WorkerAnswer answer{.outcome = ImageOutcome::done, .width = 1, .height = 1};
    if (vice == "dies") std::abort();
    if (vice == "hangs") ::pause();
    if (vice == "eats memory") eat_memory(greeting.limits);
    if (vice == "short message") {
      (void)send_message(kWorkerSocket, as_bytes("?"));
      continue;
    }
    constexpr std::string_view kPng = "\x89PNG\r\n\x1a\n and so on";
    (void)write_all(output, as_bytes(vice == "no picture" ? "<script>" : kPng), 0);
    answer.output_bytes = vice == "no picture" ? 8 : kPng.size();
    if (vice == "claims more") answer.output_bytes = std::uint64_t{10} << 30;
    if (vice == "over the box") answer.width = 60'000;
    if (vice == "keeps writing")  // a shared mapping, through which it could change what we read
      (void)::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, output, 0);
    (void)send_message(kWorkerSocket, bytes_of(answer));
  }
}

}  // namespace mooring
