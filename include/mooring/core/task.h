// Task: a coroutine that runs when it is awaited and answers its one awaiter.
//
// Lazy: nothing happens before `co_await`. Completion transfers control straight to the awaiter. A
// task stays on the core it was started on; it is awaited exactly once. Detached work is not a task
// without an awaiter: it is spawned into a Gate (core/gate.h), which waits for it at shutdown.
//
// Frames come from a free list per thread (core/frame_pool.h), so that a request in the steady
// state allocates nothing for its coroutines.
//
// Coroutines here are named functions, never capturing lambdas; one co_await per statement.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "mooring/base/check.h"
#include "mooring/core/frame_pool.h"

namespace mooring {

template <typename T>
class Task;

namespace detail {

struct TaskPromiseBase {
  std::coroutine_handle<> awaiter;

  static void* operator new(std::size_t size_bytes) { return allocate_frame(size_bytes); }
  static void operator delete(void* frame, std::size_t size_bytes) {
    free_frame(frame, size_bytes);
  }

  struct FinalAwaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) noexcept {
      return done.promise().awaiter;
    }
    void await_resume() const noexcept {}
  };

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }
  // Operating errors are values and library exceptions stop at their edge: what arrives here is a
  // bug.
  void unhandled_exception() const noexcept { std::terminate(); }
};

template <typename T>
struct TaskPromise : TaskPromiseBase {
  std::optional<T> value;
  Task<T> get_return_object() noexcept;
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() { return std::move(*value); }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace detail

template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;

  explicit Task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  /// Only a task that has not begun, or has ended, may be destroyed (uring/operation.h, I2).
  ~Task() {
    if (frame_) frame_.destroy();
  }

  struct Awaiter {
    std::coroutine_handle<promise_type> frame;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
      frame.promise().awaiter = awaiter;
      return frame;
    }
    T await_resume() { return frame.promise().take(); }
  };

  Awaiter operator co_await() && noexcept {
    MOORING_CHECK(frame_, "a task is awaited twice");
    return Awaiter{frame_};
  }

 private:
  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

template <typename T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}

inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}

}  // namespace detail

}  // namespace mooring
