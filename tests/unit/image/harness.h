// Real cores, a real pool and real worker processes: this binary executed anew.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mooring/core/core.h"
#include "mooring/core/gate.h"
#include "mooring/core/workers.h"
#include "mooring/image/pool.h"

namespace mooring {

/// Runs `work(core)` on a core of its own on the calling thread, until it ends.
template <typename Work>
void run_on_core(Work work) {
  WorkerPool workers(1);
  CoreOptions options;
  options.chunks_max = 8;
  options.head_buffers = 16;
  Result<std::unique_ptr<Core>> core = Core::create(options, workers);
  ASSERT_TRUE(core) << describe(core.error());
  struct Run {
    static Task<void> all(Core& on, Work& inner) {
      co_await inner(on);
      on.stop();
    }
  };
  Gate gate(**core);
  gate.spawn(Run::all(**core, work));
  (*core)->run();
}

inline ImagePoolOptions pool_options(ImageLimits limits = {}) {
  ImagePoolOptions options;
  options.checks.workers = options.renditions.workers = 1;
  options.limits = limits;
  return options;
}

inline ImageOrder order_of(Bytes picture, ImageFormat format) {
  ImageOrder order;
  order.format = format;
  order.memory = picture;
  order.size_bytes = picture.size();
  return order;
}

inline ImageOrder rendition_order(Bytes picture, ImageFormat format, std::uint16_t width,
                                  std::uint16_t height, ImageFormat wanted) {
  ImageOrder order = order_of(picture, format);
  order.task = ImageTask::render;
  order.width_max = width;
  order.height_max = height;
  order.wanted = wanted;
  return order;
}

/// One order after the other, each answered before the next begins.
inline std::vector<Result<MadeImage>> fulfil(ImagePool& pool, std::vector<ImageOrder> orders) {
  std::vector<Result<MadeImage>> answers;
  const auto work = [&](Core& core) -> Task<void> {
    for (const ImageOrder& order : orders) {
      std::optional<ImageAdmission> admission = pool.admit(order.task);
      MOORING_CHECK(admission.has_value(), "nobody else uses the pool");
      Result<MadeImage> made = co_await pool.run(core, std::move(*admission), order);
      // Who waits for the pool holds none of its places (image/pool.h, I6).
      if (made && orders.size() > 1) made->slot = {};
      answers.push_back(std::move(made));
    }
  };
  run_on_core(work);
  return answers;
}

inline Result<MadeImage> fulfil(ImagePool& pool, const ImageOrder& order) {
  std::vector<Result<MadeImage>> answers = fulfil(pool, std::vector<ImageOrder>{order});
  return std::move(answers.front());
}

}  // namespace mooring
