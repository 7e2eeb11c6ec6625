#include "mooring/core/core.h"

#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "mooring/core/gate.h"

namespace mooring {

namespace {

// The loop looks at the clock at least this often, so that nothing depends on a wake-up for good.
constexpr std::uint64_t kSleepMsMax = 1000;

}  // namespace

Result<std::unique_ptr<Core>> Core::create(const CoreOptions& options, WorkerPool& workers) {
  Result<std::unique_ptr<Ring>> ring = Ring::create(options.ring);
  if (!ring) return std::unexpected(ring.error());
  std::unique_ptr<Core> core(new Core(options, workers, std::move(*ring)));
  Result<std::unique_ptr<HeadBuffers>> heads =
      HeadBuffers::create(*core->ring_, options.head_buffers);
  if (!heads) return std::unexpected(heads.error());
  core->head_buffers_ = std::move(*heads);
  core->chunks_ = std::make_unique<ChunkPool>(*core->ring_, options.chunks_max);
  return core;
}

Core::Core(const CoreOptions& options, WorkerPool& workers, std::unique_ptr<Ring> ring)
    : options_(options),
      workers_(workers),
      ring_(std::move(ring)),
      timers_(monotonic_ms()),
      chunk_permits_(*this, options.chunks_max) {
  ready_.reserve(options.ring.completions);
  resuming_.reserve(options.ring.completions);
}

Core::~Core() = default;

void Core::run() {
  Gate own(*this);
  own.spawn(watch_mailbox());
  while (running_ || own.size() > 0) {
    mailbox_.deliver_all();
    resume_ready();
    if (!running_ && mailbox_watch_ != nullptr) {
      ring_->cancel(*mailbox_watch_);
      mailbox_watch_ = nullptr;
    }
    std::uint64_t wait_ns = 0;
    // A stopped loop does not sleep: what ends it may have happened in this very turn.
    const bool idle = running_ && ready_.empty() && mailbox_.prepare_sleep();
    if (idle) wait_ns = timers_.sleep_ms(monotonic_ms(), kSleepMsMax) * 1'000'000 + 1;
    ring_->turn(wait_ns, ready_);
    if (idle) mailbox_.end_sleep();
    timers_.advance(monotonic_ms());
  }
}

void Core::resume_ready() {
  // What becomes ready while we resume waits for the next round, so that sockets get their turn.
  resuming_.swap(ready_);
  for (const std::coroutine_handle<> waiter : resuming_) waiter.resume();
  resuming_.clear();
}

// Wakes the ring when a message is posted to a sleeping core. The messages themselves are delivered
// by the loop in every turn.
Task<void> Core::watch_mailbox() {
  std::uint64_t count = 0;
  while (running_) {
    SizeOperation read =
        ring_->read(mailbox_.wake_fd(), std::as_writable_bytes(std::span(&count, 1)), 0);
    mailbox_watch_ = &read;
    Result<std::size_t> woken = co_await read;
    if (!woken) break;  // cancelled by the end of the loop
  }
  mailbox_watch_ = nullptr;
}

}  // namespace mooring
