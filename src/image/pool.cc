#include "mooring/image/pool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include <cstring>

#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "mooring/base/log.h"

namespace mooring {

namespace {

// A descriptor that can only be read, and whose pages come from the page cache: what the server
// holds may be open for writing, or past the cache.
Result<Fd> reopen_for_reading(int fd) {
  const std::string name = fmt::format("/proc/self/fd/{}", fd);
  Fd file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::unexpected(error_from_errno(errno, "an original for an image worker"));
  return file;
}

bool begins_with(Bytes content, std::string_view magic) {
  return as_text(content).starts_with(magic);
}

bool has_magic_of(ImageFormat format, Bytes content) {
  switch (format) {
    case ImageFormat::jpeg:
      return begins_with(content, "\xff\xd8\xff");
    case ImageFormat::png:
      return begins_with(content, "\x89PNG\r\n\x1a\n");
    case ImageFormat::webp:
      return begins_with(content, "RIFF") && as_text(content).substr(0, 12).ends_with("WEBP");
    case ImageFormat::gif:
    case ImageFormat::bmp:
      return false;  // never made
  }
  return false;
}

WorkerRequest request_of(const ImageOrder& order) {
  WorkerRequest request;
  request.input_bytes = order.size_bytes;
  request.width_max = order.width_max;
  request.height_max = order.height_max;
  request.task = order.task;
  request.format = order.format;
  request.wanted = order.wanted;
  return request;
}

void count(std::atomic<std::uint64_t>& counter) {
  counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

ImageAdmission::~ImageAdmission() {
  if (pool_ != nullptr) pool_->lane_of(task_).admitted.fetch_sub(1, std::memory_order_relaxed);
}

ImageOutputSlot::~ImageOutputSlot() {
  if (pool_ != nullptr) pool_->release_output();
}

ImagePool::ImagePool(ImagePoolOptions options)
    : options_(std::move(options)),
      checks_(options_.checks),
      renditions_(options_.renditions),
      given_up_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      desks_(options_.checks.workers + options_.renditions.workers) {
  MOORING_CHECK(options_.checks.workers > 0 && options_.renditions.workers > 0,
                "an image pool without workers");
  for (std::size_t i = 0; i < desks_.size(); ++i) {
    Desk& desk = desks_[i];
    desk.task = i < options_.checks.workers ? ImageTask::check : ImageTask::render;
    desk.thread = std::thread([this, &desk] { work(desk); });
    ::pthread_setname_np(desk.thread.native_handle(), "mooring-images");
  }
}

ImagePool::~ImagePool() {
  {
    const std::lock_guard lock(mutex_);
    MOORING_CHECK(checks_.first == nullptr && renditions_.first == nullptr,
                  "the image pool ends with orders waiting");
    stopping_ = true;
  }
  checks_.arrived.notify_all();
  renditions_.arrived.notify_all();
  for (Desk& desk : desks_) desk.thread.join();
}

void ImagePool::give_up() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(given_up_, true)) return;
  }
  static_cast<void>(::eventfd_write(given_up_fd_.get(), 1));
  checks_.arrived.notify_all();
  renditions_.arrived.notify_all();
}

std::optional<ImageAdmission> ImagePool::admit(ImageTask task) noexcept {
  Lane& lane = lane_of(task);
  if (lane.admitted.fetch_add(1, std::memory_order_relaxed) <
      lane.options.queue_max + lane.options.workers)
    return ImageAdmission(*this, task);
  lane.admitted.fetch_sub(1, std::memory_order_relaxed);
  count(counts_.turned_away);
  return std::nullopt;
}

void ImagePool::Run::await_suspend(std::coroutine_handle<> waiter) noexcept {
  waiter_ = waiter;
  pool_.submit(*this);
}

void ImagePool::submit(Run& run) noexcept {
  MOORING_CHECK(run.admission_.task_ == run.order_.task, "an order in the other lane");
  Lane& lane = lane_of(run.order_.task);
  {
    const std::lock_guard lock(mutex_);
    if (lane.last != nullptr)
      lane.last->next_ = &run;
    else
      lane.first = &run;
    lane.last = &run;
  }
  lane.arrived.notify_one();
}

void ImagePool::work(Desk& desk) {
  Lane& lane = lane_of(desk.task);
  std::unique_lock lock(mutex_);
  while (true) {
    lane.arrived.wait(lock, [&] { return may_begin(lane) || stopping_; });
    if (lane.first == nullptr) break;
    Run* const run = take_first(lane);
    if (given_up_) {
      run->answer_.emplace(fail(Errc::overloaded, "image workers of a server that stops"));
      run->core_.mailbox().post(*run);
      continue;
    }
    ImageOutputSlot slot;
    if (run->order_.task == ImageTask::render) {
      ++outputs_;
      slot = ImageOutputSlot(*this);
    }
    lock.unlock();
    count(lane.working);
    const std::uint64_t begun_ns = monotonic_ns();
    run->answer_.emplace(fulfil(desk, run->order_));
    if (*run->answer_) (*run->answer_)->slot = std::move(slot);
    counts_.busy_ns.fetch_add(monotonic_ns() - begun_ns, std::memory_order_relaxed);
    lane.working.fetch_sub(1, std::memory_order_relaxed);
    run->core_.mailbox().post(*run);
    slot = {};  // of an order that made nothing; not under the mutex
    lock.lock();
  }
  lock.unlock();
  end_process(desk);
}

// I6, I7. Under the mutex.
bool ImagePool::may_begin(const Lane& lane) const noexcept {
  if (lane.first == nullptr) return false;
  return given_up_ || &lane == &checks_ ||
         outputs_ < kOutputsPerWorker * renditions_.options.workers;
}

ImagePool::Run* ImagePool::take_first(Lane& lane) noexcept {
  Run* const run = lane.first;
  lane.first = run->next_;
  if (lane.first == nullptr) lane.last = nullptr;
  return run;
}

void ImagePool::release_output() noexcept {
  {
    const std::lock_guard lock(mutex_);
    --outputs_;
  }
  renditions_.arrived.notify_one();
}

Result<MadeImage> ImagePool::fulfil(Desk& desk, const ImageOrder& order) {
  if (order.size_bytes == 0 || order.size_bytes > options_.limits.file_bytes_max) {
    count(counts_.refused);
    return fail(Errc::unprocessable, "the size of a picture's file");
  }
  const Result<Fd> input =
      order.fd >= 0 ? reopen_for_reading(order.fd) : make_sealed_file(order.memory);
  if (!input) return std::unexpected(input.error());
  Result<Fd> output = Fd();
  if (order.task == ImageTask::render) output = make_output_file();
  if (!output) return std::unexpected(output.error());

  const std::array files = {input->get(), output->get()};
  const Status begun = hand_over(desk, request_of(order),
                                 std::span(files).first(order.task == ImageTask::render ? 2 : 1));
  if (!begun) {
    count(counts_.failed);
    return std::unexpected(begun.error());
  }
  const Result<WorkerAnswer> answer = wait_for_answer(desk);
  if (!answer) return std::unexpected(answer.error());
  Result<MadeImage> made = accept(desk, order, *answer, output->get());
  if (++desk.jobs >= options_.limits.jobs_per_process_max) end_process(desk);
  return made;
}

// I3: a process that died while it had nothing to do is replaced, once.
Status ImagePool::hand_over(Desk& desk, const WorkerRequest& request, std::span<const int> files) {
  if (desk.process) {
    const Status sent = desk.process.send(request, files);
    if (sent) return sent;
    end_process(desk);
  }
  if (Status started = start_process(desk); !started) return started;
  if (Status sent = desk.process.send(request, files); !sent) {
    end_process(desk);
    return fail(Errc::overloaded, "a request to an image worker", sent.error().os_error);
  }
  return {};
}

Status ImagePool::start_process(Desk& desk) {
  Result<WorkerProcess> process =
      WorkerProcess::start(options_.command, {options_.limits, desk.task}, given_up_fd_.get());
  if (!process) {
    if (process.error().code != Errc::cancelled)
      log_error("image", "no image worker: {}", describe(process.error()));
    return fail(Errc::overloaded, "no image worker", process.error().os_error);
  }
  desk.process = std::move(*process);
  desk.jobs = 0;
  desk.pid.store(desk.process.pid(), std::memory_order_relaxed);
  count(counts_.processes_started);
  return {};
}

void ImagePool::end_process(Desk& desk) noexcept {
  desk.pid.store(0, std::memory_order_relaxed);
  desk.process.kill();
}

// I2.
Result<WorkerAnswer> ImagePool::wait_for_answer(Desk& desk) {
  const std::uint64_t processor_before_ns = desk.process.processor_ns();
  Result<WorkerAnswer> answer =
      desk.process.receive(options_.limits.timeout_ms, given_up_fd_.get());
  if (answer) return answer;
  if (answer.error().code == Errc::cancelled) {
    end_process(desk);
    return fail(Errc::overloaded, "an image worker of a server that stops");
  }
  const std::uint64_t half_ns = options_.limits.timeout_ms * 1'000'000 / 2;
  const bool late = answer.error().code == Errc::timed_out;
  const bool starved = late && desk.process.is_ready_to_run() &&
                       desk.process.processor_ns() - processor_before_ns < half_ns;
  const bool died = answer.error().code == Errc::peer_closed;
  count(late ? counts_.timed_out : died ? counts_.crashed : counts_.misbehaved);
  log_warning("image", "image worker {} {}: its request fails, it is replaced", desk.process.pid(),
              late   ? (starved ? "got no processor" : "took too long")
              : died ? "died"
                     : "misbehaved");
  end_process(desk);
  if (starved) return fail(Errc::overloaded, "an image worker without a processor");
  return fail(Errc::internal, "an image worker");
}

Result<MadeImage> ImagePool::accept(Desk& desk, const ImageOrder& order, const WorkerAnswer& answer,
                                    int output) {
  if (answer.outcome != ImageOutcome::done) {
    log_line(LogLevel::debug, "image", fmt::format("refused: {}", answer.reason.data()));
    const bool is_the_picture =
        answer.outcome == ImageOutcome::undecodable || answer.outcome == ImageOutcome::over_limit;
    count(is_the_picture ? counts_.refused : counts_.failed);
    if (is_the_picture) return fail(Errc::unprocessable, "a picture");
    return fail(Errc::internal, "an image worker's memory");
  }
  MadeImage made{.width = answer.width, .height = answer.height};
  if (order.task == ImageTask::render) {
    // I5. The output is sealed first: nothing that is looked at can change afterwards.
    Result<MappedFile> content = fail(Errc::invalid, "size of a rendition");
    if (answer.output_bytes <= options_.limits.output_bytes_max)
      content = seal_and_map(output, answer.output_bytes);
    const bool fits = answer.width <= order.width_max && answer.height <= order.height_max;
    if (!content || !fits || !has_magic_of(order.wanted, content->bytes())) {
      count(counts_.misbehaved);
      log_warning("image", "image worker {} answered with no such picture: it is replaced",
                  desk.process.pid());
      end_process(desk);
      return fail(Errc::internal, "an image worker's output");
    }
    made.content = std::move(*content);
    made.hash = xxh3_128(made.content.bytes());
  }
  count(counts_.done);
  return made;
}

ImageMetrics ImagePool::metrics() const noexcept {
  const auto of_lane = [](const Lane& lane) {
    const std::uint64_t working = lane.working.load(std::memory_order_relaxed);
    const std::uint64_t admitted = lane.admitted.load(std::memory_order_relaxed);
    return ImageMetrics::Lane{admitted > working ? admitted - working : 0, working};
  };
  ImageMetrics metrics;
  metrics.checks = of_lane(checks_);
  metrics.renditions = of_lane(renditions_);
  metrics.done = counts_.done.load(std::memory_order_relaxed);
  metrics.refused = counts_.refused.load(std::memory_order_relaxed);
  metrics.crashed = counts_.crashed.load(std::memory_order_relaxed);
  metrics.timed_out = counts_.timed_out.load(std::memory_order_relaxed);
  metrics.misbehaved = counts_.misbehaved.load(std::memory_order_relaxed);
  metrics.failed = counts_.failed.load(std::memory_order_relaxed);
  metrics.turned_away = counts_.turned_away.load(std::memory_order_relaxed);
  metrics.processes_started = counts_.processes_started.load(std::memory_order_relaxed);
  metrics.busy_ns = counts_.busy_ns.load(std::memory_order_relaxed);
  return metrics;
}

std::vector<pid_t> ImagePool::pids(ImageTask task) const {
  std::vector<pid_t> pids;
  for (const Desk& desk : desks_) {
    const pid_t pid = desk.pid.load(std::memory_order_relaxed);
    if (pid != 0 && desk.task == task) pids.push_back(pid);
  }
  return pids;
}

}  // namespace mooring
