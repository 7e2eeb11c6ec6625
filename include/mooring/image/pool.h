// ImagePool: the image workers of the server, and the bounded queues in front of them.
//
// Process-wide: made before the first core, destroyed after the last; every function may be called
// from any thread, `run` on the awaiting core's. Each worker process has a thread here that feeds
// it and waits for it, so no core ever does; processes are started when they are first needed.
//
// Checks and renditions have a lane each: a queue, its bound, and worker processes that take
// nothing from the other lane. An upload that waits for its check so never waits for a rendition,
// neither for its worker nor for its room in memory, and its worker comes before theirs at the
// processors (image/confine.h).
//
//   std::optional<ImageAdmission> admission = pool.admit(task);  // nothing: 503, before any work
//   Result<MadeImage> made = co_await pool.run(core, std::move(*admission), order);
//
// A completed run means: the worker has answered or is dead; nothing reads the input any more, and
// `content` cannot change.
//
//   I1  At most queue_max + workers orders of a lane are admitted: the memory of all that wait is
//       bounded.
//   I2  A worker that crashes, hangs over timeout_ms, or answers what it was not asked for is
//       killed and costs the request it had (internal). The next order gets a new process. One that
//       is late but ready to run, and had a processor for less than half of its time, is killed,
//       too, but that is not the picture's doing (overloaded).
//   I3  A worker found dead between two orders costs nobody anything.
//   I4  A process is replaced after jobs_per_process_max orders.
//   I5  What is handed out begins with the magic number of the format wanted, is not larger than
//       output_bytes_max, and its sides are not over the box.
//   I6  At most kOutputsPerWorker renditions per worker of theirs are in memory: while that many
//       wait to be stored, no worker begins another. So who holds a MadeImage never waits for a
//       rendition. Checks make nothing and never wait for this.
//   I7  After give_up every order, waiting, under way or yet to come, ends at once (overloaded): a
//       drain is not held up by workers, however many of them hang or never get ready.
//
// Errors of run: unprocessable (the worker says: no such picture, damaged, over a limit; or the
// file is), internal (I2, or out of the worker's memory: the picture's doing, and likely to happen
// again), overloaded (descriptors, no worker can be started, no processor for it, or given up),
// io_error.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "mooring/base/digest.h"
#include "mooring/core/core.h"
#include "mooring/core/mailbox.h"
#include "mooring/image/memory_file.h"
#include "mooring/image/process.h"
#include "mooring/image/protocol.h"

namespace mooring {

/// One that is made while another is being stored.
inline constexpr std::size_t kOutputsPerWorker = 2;

struct ImageLaneOptions {
  unsigned workers = 2;
  std::size_t queue_max = 64;  ///< orders that wait, besides those being worked on
};

struct ImagePoolOptions {
  ImageLaneOptions checks = {};
  ImageLaneOptions renditions = {};
  ImageLimits limits = {};
  WorkerCommand command = {};
};

/// What is wanted. The input stays as it is until the answer: in memory, or the first size_bytes of
/// a file (any mode; it is opened anew for reading).
struct ImageOrder {
  ImageTask task = ImageTask::check;
  ImageFormat format = ImageFormat::jpeg;  ///< of the input, by its first bytes
  ImageFormat wanted = ImageFormat::jpeg;  ///< render: jpeg, png or webp
  std::uint16_t width_max = 0;
  std::uint16_t height_max = 0;
  Bytes memory = {};
  int fd = -1;  ///< instead of memory
  std::uint64_t size_bytes = 0;
};

class ImagePool;

/// Stands for one rendition in memory (I6); given back by the destructor, on any thread.
class [[nodiscard]] ImageOutputSlot {
 public:
  ImageOutputSlot() noexcept = default;
  ImageOutputSlot(ImageOutputSlot&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)) {}
  ImageOutputSlot& operator=(ImageOutputSlot&& other) noexcept {
    std::swap(pool_, other.pool_);
    return *this;
  }
  ~ImageOutputSlot();

 private:
  friend class ImagePool;
  explicit ImageOutputSlot(ImagePool& pool) noexcept : pool_(&pool) {}
  ImagePool* pool_ = nullptr;
};

struct MadeImage {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  MappedFile content = {};  ///< render
  Hash128 hash = {};        ///< of content
  ImageOutputSlot slot = {};
};

/// What became of orders, and how long workers took; a snapshot.
struct ImageMetrics {
  struct Lane {
    std::uint64_t waiting = 0;
    std::uint64_t working = 0;
  };
  Lane checks = {};
  Lane renditions = {};
  std::uint64_t done = 0;
  std::uint64_t refused = 0;      ///< no picture, damaged, or over a limit
  std::uint64_t crashed = 0;      ///< the worker died
  std::uint64_t timed_out = 0;    ///< the worker was killed
  std::uint64_t misbehaved = 0;   ///< the worker answered nonsense and was killed
  std::uint64_t failed = 0;       ///< out of memory, or no worker could be started
  std::uint64_t turned_away = 0;  ///< a queue was full
  std::uint64_t processes_started = 0;
  std::uint64_t busy_ns = 0;
};

/// A place in the queue of a lane; given back by the destructor.
class [[nodiscard]] ImageAdmission {
 public:
  ImageAdmission(ImageAdmission&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), task_(other.task_) {}
  ImageAdmission& operator=(ImageAdmission&&) = delete;
  ~ImageAdmission();

 private:
  friend class ImagePool;
  ImageAdmission(ImagePool& pool, ImageTask task) noexcept : pool_(&pool), task_(task) {}
  ImagePool* pool_;
  ImageTask task_;
};

class ImagePool {
 public:
  explicit ImagePool(ImagePoolOptions options);
  /// Every order has been answered before. Kills the workers.
  ~ImagePool();
  ImagePool(const ImagePool&) = delete;
  ImagePool& operator=(const ImagePool&) = delete;

  /// The awaitable of run.
  class [[nodiscard]] Run final : private Message {
   public:
    Run(ImagePool& pool, Core& core, ImageAdmission admission, const ImageOrder& order)
        : pool_(pool), core_(core), admission_(std::move(admission)), order_(order) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept;
    [[nodiscard]] Result<MadeImage> await_resume() { return std::move(*answer_); }

   private:
    friend class ImagePool;
    void deliver() noexcept override { core_.resume_later(waiter_); }

    ImagePool& pool_;
    Core& core_;
    ImageAdmission admission_;
    ImageOrder order_;
    std::optional<Result<MadeImage>> answer_;
    std::coroutine_handle<> waiter_;
    Run* next_ = nullptr;
  };

  /// Nothing if queue_max orders of this kind wait already.
  [[nodiscard]] std::optional<ImageAdmission> admit(ImageTask task) noexcept;

  /// `admission` is one of order.task.
  [[nodiscard]] Run run(Core& core, ImageAdmission admission, const ImageOrder& order) {
    return {*this, core, std::move(admission), order};
  }

  /// I7. For good; may be called again.
  void give_up() noexcept;

  [[nodiscard]] const ImageLimits& limits() const noexcept { return options_.limits; }
  [[nodiscard]] ImageMetrics metrics() const noexcept;
  /// Of the workers of a lane that run now; for tests and for people who look.
  [[nodiscard]] std::vector<pid_t> pids(ImageTask task) const;

 private:
  friend class ImageAdmission;
  friend class ImageOutputSlot;
  struct Lane {
    explicit Lane(const ImageLaneOptions& wanted) noexcept : options(wanted) {}
    const ImageLaneOptions options;
    std::condition_variable arrived = {};
    Run* first = nullptr;
    Run* last = nullptr;
    std::atomic<std::size_t> admitted{0};
    std::atomic<std::uint64_t> working{0};
  };
  /// A worker's thread and what it keeps between orders.
  struct Desk {
    ImageTask task = ImageTask::check;
    WorkerProcess process = {};
    std::uint64_t jobs = 0;  // of this process
    std::atomic<pid_t> pid{0};
    std::thread thread = {};
  };
  struct Counts {
    std::atomic<std::uint64_t> done{0}, refused{0}, crashed{0}, timed_out{0}, misbehaved{0},
        failed{0}, turned_away{0}, processes_started{0}, busy_ns{0};
  };

  void submit(Run& run) noexcept;
  [[nodiscard]] Lane& lane_of(ImageTask task) noexcept {
    return task == ImageTask::check ? checks_ : renditions_;
  }
  void work(Desk& desk);
  [[nodiscard]] bool may_begin(const Lane& lane) const noexcept;
  [[nodiscard]] Run* take_first(Lane& lane) noexcept;
  void release_output() noexcept;
  [[nodiscard]] Result<MadeImage> fulfil(Desk& desk, const ImageOrder& order);
  [[nodiscard]] Status hand_over(Desk& desk, const WorkerRequest& request,
                                 std::span<const int> files);
  [[nodiscard]] Status start_process(Desk& desk);
  void end_process(Desk& desk) noexcept;
  [[nodiscard]] Result<WorkerAnswer> wait_for_answer(Desk& desk);
  [[nodiscard]] Result<MadeImage> accept(Desk& desk, const ImageOrder& order,
                                         const WorkerAnswer& answer, int output);

  ImagePoolOptions options_;
  std::mutex mutex_;
  Lane checks_;
  Lane renditions_;
  std::size_t outputs_ = 0;  // renditions being made, or made and not yet given back
  bool stopping_ = false;
  bool given_up_ = false;
  Fd given_up_fd_;  // an eventfd: readable from give_up on
  Counts counts_;
  std::vector<Desk> desks_;
};

}  // namespace mooring
