// Core: one core of the machine: a thread with its ring, timers, buffers and mailbox, and the loop.
//
// Everything a core owns is used on its thread only; other threads reach it through its mailbox. A
// core never waits for anything but its ring (vow V5).
//
// One turn of the loop: deliver the mailbox, resume what is ready, submit and wait once, run
// timers. Life: create on any thread, `run` on the core's own thread (which builds the ring there),
// `stop` from anywhere by a message; run returns when it was stopped and nothing is in flight.
#pragma once

#include <coroutine>
#include <memory>
#include <vector>

#include "mooring/core/mailbox.h"
#include "mooring/core/semaphore.h"
#include "mooring/core/task.h"
#include "mooring/core/timer.h"
#include "mooring/uring/chunk_pool.h"
#include "mooring/uring/head_buffers.h"
#include "mooring/uring/ring.h"

namespace mooring {

class WorkerPool;

struct CoreOptions {
  unsigned index = 0;  ///< 0 … cores-1
  RingOptions ring;
  std::uint16_t chunks_max = 96;     ///< 1 MiB receive buffers
  std::uint16_t head_buffers = 256;  ///< 32 KiB each, a power of two
};

class Core {
 public:
  /// On the thread that will run it.
  [[nodiscard]] static Result<std::unique_ptr<Core>> create(const CoreOptions& options,
                                                            WorkerPool& workers);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// Runs the loop until `stop`. The caller has spawned its work into a gate before.
  void run();
  /// Ends `run` after the present turn. The core's thread; everything in flight must have
  /// completed.
  void stop() noexcept { running_ = false; }

  /// Queues `waiter` to be resumed in this turn of the loop, never from inside the call.
  void resume_later(std::coroutine_handle<> waiter) { ready_.push_back(waiter); }

  [[nodiscard]] unsigned index() const noexcept { return options_.index; }
  [[nodiscard]] Ring& ring() noexcept { return *ring_; }
  [[nodiscard]] TimerWheel& timers() noexcept { return timers_; }
  [[nodiscard]] Mailbox& mailbox() noexcept { return mailbox_; }
  [[nodiscard]] HeadBuffers& head_buffers() noexcept { return *head_buffers_; }
  [[nodiscard]] ChunkPool& chunks() noexcept { return *chunks_; }
  /// Permits for chunks: who holds n permits may lease n chunks, always.
  [[nodiscard]] Semaphore& chunk_permits() noexcept { return chunk_permits_; }
  [[nodiscard]] WorkerPool& workers() noexcept { return workers_; }

 private:
  Core(const CoreOptions& options, WorkerPool& workers, std::unique_ptr<Ring> ring);
  Task<void> watch_mailbox();
  void resume_ready();

  CoreOptions options_;
  WorkerPool& workers_;
  Mailbox mailbox_;
  std::unique_ptr<Ring> ring_;
  std::unique_ptr<HeadBuffers> head_buffers_;
  std::unique_ptr<ChunkPool> chunks_;
  TimerWheel timers_;
  Semaphore chunk_permits_;
  std::vector<std::coroutine_handle<>> ready_;
  std::vector<std::coroutine_handle<>> resuming_;
  Operation* mailbox_watch_ = nullptr;
  bool running_ = true;
};

/// Suspends for at least `delay_ms`.
class [[nodiscard]] Sleep final : private Timer {
 public:
  Sleep(Core& core, std::uint64_t delay_ms) noexcept : core_(core), delay_ms_(delay_ms) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiter_ = waiter;
    set(core_.timers(), delay_ms_);
  }
  void await_resume() const noexcept {}

 private:
  void expired() noexcept override { core_.resume_later(waiter_); }

  Core& core_;
  std::uint64_t delay_ms_;
  std::coroutine_handle<> waiter_;
};

}  // namespace mooring
