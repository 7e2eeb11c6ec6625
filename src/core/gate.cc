#include "mooring/core/gate.h"

#include "mooring/core/core.h"

namespace mooring {

// A coroutine without an awaiter: it owns itself and ends by leaving the gate.
struct Gate::Detached {
  struct promise_type {
    static void* operator new(std::size_t size_bytes) { return allocate_frame(size_bytes); }
    static void operator delete(void* frame, std::size_t size_bytes) {
      free_frame(frame, size_bytes);
    }
    Detached get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> frame;
};

Gate::~Gate() {
  MOORING_CHECK(size_ == 0, "a gate is destroyed with work inside");
}

Gate::Detached Gate::run_inside(Gate& gate, Task<void> work) {
  co_await std::move(work);
  gate.leave();
}

void Gate::spawn(Task<void> work) {
  MOORING_CHECK(!closed_, "work for a closed gate");
  ++size_;
  core_.resume_later(run_inside(*this, std::move(work)).frame);
}

void Gate::leave() noexcept {
  --size_;
  if (size_ == 0 && waiter_) core_.resume_later(std::exchange(waiter_, nullptr));
}

}  // namespace mooring
