// Gate: work that nobody awaits, and the door that closes behind it.
//
// Detached coroutines run in a gate: it counts them, refuses new ones once closed and lets one
// coroutine wait until the last has left. Shutdown is: close the gates, cancel, run the loop until
// every gate is empty. One core, one thread.
#pragma once

#include <coroutine>
#include <cstddef>

#include "mooring/core/task.h"

namespace mooring {

class Core;

class Gate {
 public:
  explicit Gate(Core& core) noexcept : core_(core) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate();

  /// Starts `work` from the loop, in this turn. CHECKs that the gate is open.
  void spawn(Task<void> work);
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool is_closed() const noexcept { return closed_; }
  void close() noexcept { closed_ = true; }

  class [[nodiscard]] Empty {
   public:
    explicit Empty(Gate& gate) noexcept : gate_(gate) {}
    [[nodiscard]] bool await_ready() const noexcept { return gate_.size_ == 0; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { gate_.waiter_ = waiter; }
    void await_resume() const noexcept {}

   private:
    Gate& gate_;
  };
  /// Waits until nothing is inside. One waiter at a time.
  [[nodiscard]] Empty empty() noexcept { return Empty(*this); }

 private:
  struct Detached;
  static Detached run_inside(Gate& gate, Task<void> work);
  void leave() noexcept;

  Core& core_;
  std::size_t size_ = 0;
  bool closed_ = false;
  std::coroutine_handle<> waiter_;
};

}  // namespace mooring
