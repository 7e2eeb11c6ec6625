// WorkerPool: threads for what blocks: names, syncs, cold reads, checksums other than XXH3.
//
// A job is a whole sequence of blocking calls, not a single call: the way to a worker and back
// costs about as much as a small system call. Jobs live in the frame that awaits them; nothing is
// allocated. The completed `co_await run(...)` means: the function has returned, and what it wrote
// is visible here.
//
// Jobs wait in one queue, first come, first served; the queue's length is bounded by what the cores
// admit. Long computations have a queue and threads of their own, which step aside for the others
// (base/background.h): no read waits behind them for a thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "mooring/core/core.h"
#include "mooring/core/mailbox.h"

namespace mooring {

class WorkerPool {
 public:
  /// `threads` for jobs that are waited for, and half as many, at least one, for computations.
  explicit WorkerPool(unsigned threads);
  /// Every job has been answered before.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// A queued job: executed on a worker, then delivered as a message to its core.
  class Job : public Message {
   public:
    virtual void execute() noexcept = 0;

   protected:
    ~Job() = default;

   private:
    friend class WorkerPool;
    Mailbox* home_ = nullptr;
    Job* next_job_ = nullptr;
  };

  enum class Kind : std::uint8_t { blocking, computation };
  /// Any thread. `job` is delivered to `home` after it was executed.
  void submit(Job& job, Mailbox& home, Kind kind = Kind::blocking) noexcept;

  /// Runs `function` on a worker and answers `core`: `auto result = co_await workers.run(core,
  /// function)`. `function` must not throw and must not touch what the core owns, except what it
  /// was lent for the call.
  template <typename Function>
  [[nodiscard]] auto run(Core& core, Function function);
  /// The same for what takes a processor for long, as far as a request goes: more than 0.1 ms.
  template <typename Function>
  [[nodiscard]] auto compute(Core& core, Function function);

  [[nodiscard]] std::size_t queued() const noexcept {
    return queued_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::size_t threads() const noexcept { return threads_.size(); }

 private:
  struct Queue {
    std::condition_variable arrived;
    Job* first = nullptr;
    Job* last = nullptr;
  };

  void work(Queue& queue);

  std::mutex mutex_;
  Queue blocking_;
  Queue computations_;
  bool stopping_ = false;
  std::atomic<std::size_t> queued_{0};
  std::vector<std::thread> threads_;
};

/// The awaitable of WorkerPool::run and compute.
template <typename Function>
class [[nodiscard]] Work final : private WorkerPool::Job {
 public:
  using Answer = decltype(std::declval<Function&>()());

  Work(WorkerPool& workers, Core& core, Function function, WorkerPool::Kind kind)
      : workers_(workers), core_(core), function_(std::move(function)), kind_(kind) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiter_ = waiter;
    workers_.submit(*this, core_.mailbox(), kind_);
  }
  Answer await_resume() { return std::move(*answer_); }

 private:
  void execute() noexcept override { answer_.emplace(function_()); }
  void deliver() noexcept override { core_.resume_later(waiter_); }

  WorkerPool& workers_;
  Core& core_;
  Function function_;
  const WorkerPool::Kind kind_;
  std::optional<Answer> answer_;
  std::coroutine_handle<> waiter_;
};

template <typename Function>
auto WorkerPool::run(Core& core, Function function) {
  return Work<Function>(*this, core, std::move(function), Kind::blocking);
}

template <typename Function>
auto WorkerPool::compute(Core& core, Function function) {
  return Work<Function>(*this, core, std::move(function), Kind::computation);
}

}  // namespace mooring
