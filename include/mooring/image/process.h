// WorkerProcess: one image worker as the pool holds it: a process and the socket to it.
//
// Started by executing the binary anew with the hidden command (image/worker.h): a fresh address
// space that shares no memory, no descriptor (but its socket) and no environment with the server.
// Owned by one thread of the pool, used on it only; it dies with that thread (PR_SET_PDEATHSIG),
// with its owner (the destructor kills and reaps), and when the socket closes.
#pragma once

#include <sys/types.h>

#include <array>
#include <span>
#include <string>
#include <vector>

#include "mooring/base/result.h"
#include "mooring/image/protocol.h"
#include "mooring/uring/fd.h"

namespace mooring {

/// What is executed, with its arguments. The default is this very binary.
struct WorkerCommand {
  std::string executable = "/proc/self/exe";
  std::vector<std::string> arguments = {"image-worker"};
};

class WorkerProcess {
 public:
  WorkerProcess() noexcept = default;
  ~WorkerProcess() { kill(); }
  WorkerProcess(WorkerProcess&& other) noexcept
      : pid_(std::exchange(other.pid_, 0)), socket_(std::move(other.socket_)) {}
  WorkerProcess& operator=(WorkerProcess&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(socket_, other.socket_);
    return *this;
  }

  /// Starts a worker and waits until it is confined. Blocks, until `cancel_fd` can be read at the
  /// latest. Errors: internal (it ended, or did not get ready in time), cancelled, overloaded,
  /// io_error.
  [[nodiscard]] static Result<WorkerProcess> start(const WorkerCommand& command,
                                                   const WorkerGreeting& greeting, int cancel_fd);

  [[nodiscard]] explicit operator bool() const noexcept { return pid_ != 0; }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// peer_closed: it has died; nothing of the request was begun.
  [[nodiscard]] Status send(const WorkerRequest& request, std::span<const int> files);
  /// Errors: timed_out, peer_closed (it died over the request), invalid (no answer of ours),
  /// cancelled (`cancel_fd` can be read).
  [[nodiscard]] Result<WorkerAnswer> receive(std::uint64_t timeout_ms, int cancel_fd);

  /// Processor time that its threads have had since it was started; 0 once it is dead.
  [[nodiscard]] std::uint64_t processor_ns() const noexcept;

  /// Whether one of its threads could run right now, if it had a processor.
  [[nodiscard]] bool is_ready_to_run() const;

  /// Kills and reaps; harmless without a process.
  void kill() noexcept;

 private:
  pid_t pid_ = 0;
  Fd socket_;
};

}  // namespace mooring
