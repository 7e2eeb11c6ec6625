// ServerCore: one core of the server: its thread, its listener, its connections, its half of the
// store.
//
// `start` runs the thread and returns once the core listens, or has failed to. `drain` is a
// message: it stops accepting, closes idle connections, lets requests end until the deadline, cuts
// off the rest, then stops the core's half of the store and ends the thread. `join` waits for that.
#pragma once

#include <memory>
#include <thread>

#include "mooring/app/server_state.h"
#include "mooring/uring/socket.h"

namespace mooring {

struct CompactionCounters;
struct ScrubCounters;

class ServerCore {
 public:
  /// `index` from 0. `listener` and, on one core at most, `metrics_listener` are listening sockets.
  ServerCore(ServerState& state, unsigned index, Fd listener, Fd metrics_listener);
  ~ServerCore();
  ServerCore(const ServerCore&) = delete;
  ServerCore& operator=(const ServerCore&) = delete;

  [[nodiscard]] Status start();
  /// Any thread, once.
  void drain();
  void join();

  /// Any thread, while the core runs.
  [[nodiscard]] const BlobCounters* blob_counters() const noexcept;
  [[nodiscard]] const CompactionCounters* compaction_counters() const noexcept;
  [[nodiscard]] const ScrubCounters* scrub_counters() const noexcept;

 private:
  struct Parts;
  void run(unsigned cpu);

  ServerState& state_;
  unsigned index_;
  Fd listener_;
  Fd metrics_listener_;
  std::unique_ptr<Parts> parts_;
  std::thread thread_;
};

}  // namespace mooring
