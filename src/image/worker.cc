#include "mooring/image/worker.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "decode.h"
#include "mooring/image/confine.h"
#include "mooring/image/memory_file.h"
#include "mooring/image/protocol.h"

namespace mooring {

namespace {

constexpr int kExitOk = 0;
constexpr int kExitFailed = 70;

// The processor time of this job: the wall clock of the pool is what counts, this one ends a
// worker whose pool is gone or stopped. SIGXCPU kills.
void limit_cpu(const ImageLimits& limits) {
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) != 0) return;
  const auto seconds = static_cast<rlim_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec);
  rlimit limit{};
  if (::getrlimit(RLIMIT_CPU, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(seconds + limits.timeout_ms / 1000 + 2, limit.rlim_max);
  (void)::setrlimit(RLIMIT_CPU, &limit);
}

WorkerAnswer answer_to(const WorkerRequest& request, int input, int output,
                       const ImageLimits& limits) {
  const Result<MappedFile> mapped = MappedFile::map(input, request.input_bytes);
  if (!mapped) return {.outcome = ImageOutcome::failed};
  const Bytes content = mapped->bytes();
  if (request.task == ImageTask::check) return check_picture(request, content, limits);
  return render_picture(request, content, output, limits);
}

Status serve(int socket) {
  WorkerGreeting greeting;
  std::array<Fd, 2> none;
  const auto greeted = receive_message(socket, writable_bytes_of(greeting), none, -1);
  if (!greeted) return std::unexpected(greeted.error());
  const ImageLimits& limits = greeting.limits;
  if (Status left = leave_the_machine(); !left) return left;
  if (Status yields = yield_to_uploads(greeting.task); !yields) return yields;
  if (Status started = start_image_library(); !started) return started;
  if (Status limited = limit_resources(limits); !limited) return limited;
  if (Status forbidden = forbid_system_calls(); !forbidden) return forbidden;
  const WorkerReady ready{kWorkerReadyMagic};
  if (Status sent = send_message(socket, bytes_of(ready)); !sent) return sent;
  while (true) {
    WorkerRequest request;
    std::array<Fd, 2> files;
    const auto received = receive_message(socket, writable_bytes_of(request), files, -1);
    if (!received) return std::unexpected(received.error());
    limit_cpu(limits);
    const WorkerAnswer answer = answer_to(request, files[0].get(), files[1].get(), limits);
    files = {};
    if (Status sent = send_message(socket, bytes_of(answer)); !sent) return sent;
  }
}

}  // namespace

int run_image_worker(int socket) noexcept {
  (void)::prctl(PR_SET_NAME, "mooring-image");
  const Status served = serve(socket);
  return served.error().code == Errc::peer_closed ? kExitOk : kExitFailed;
}

}  // namespace mooring
