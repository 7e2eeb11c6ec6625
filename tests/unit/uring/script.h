// A test's coroutine on a ring of its own, without a core.
#pragma once

#include <coroutine>
#include <exception>
#include <utility>
#include <vector>

#include "mooring/uring/ring.h"

namespace mooring {

/// A coroutine that runs at once and whose end can be asked for.
struct Script {
  struct promise_type {
    Script get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> frame;
};

/// Turns the ring until `script` has ended.
inline void run(Ring& ring, Script script) {
  std::vector<std::coroutine_handle<>> ready;
  while (!script.frame.done()) {
    ring.turn(1'000'000'000, ready);
    for (const std::coroutine_handle<> waiter : std::exchange(ready, {})) waiter.resume();
  }
  script.frame.destroy();
}

}  // namespace mooring
