// A real core on the calling thread, to run a test's coroutine on.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "mooring/core/core.h"
#include "mooring/core/gate.h"
#include "mooring/core/workers.h"

namespace mooring {

/// A core with small pools. `run` is called once per core.
class TestCore {
 public:
  explicit TestCore(std::uint16_t chunks_max = 4) : workers_(2) {
    CoreOptions options;
    options.chunks_max = chunks_max;
    options.head_buffers = 4;
    Result<std::unique_ptr<Core>> core = Core::create(options, workers_);
    MOORING_CHECK(core.has_value(), "no core: see mooring doctor");
    core_ = std::move(*core);
  }

  [[nodiscard]] Core& core() noexcept { return *core_; }
  [[nodiscard]] WorkerPool& workers() noexcept { return workers_; }

  /// Runs `body` and what it spawns into `gate()` to their ends.
  void run(Task<void> body) {
    Gate gate(*core_);
    gate.spawn(stop_after(std::move(body), *core_));
    core_->run();
  }

 private:
  static Task<void> stop_after(Task<void> body, Core& core) {
    co_await std::move(body);
    core.stop();
  }

  WorkerPool workers_;
  std::unique_ptr<Core> core_;
};

}  // namespace mooring
