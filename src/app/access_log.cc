#include "mooring/app/access_log.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <climits>

#include "mooring/base/check.h"

namespace mooring {

namespace {

// Between two rounds of writing, lines gather: one system call writes many of them.
constexpr int kGatherMs = 10;
// How long a descriptor may take nothing before its reader counts as gone or asleep.
constexpr int kStallMs = 100;
constexpr std::size_t kFileWriteBytes = 64_KiB;

// A pipe that polls as writable takes PIPE_BUF bytes without blocking; a file never blocks for a
// reader.
std::size_t write_bytes_max_of(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) return kFileWriteBytes;
  return PIPE_BUF;
}

std::uint64_t count_lines(std::string_view text) {
  return static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
}

}  // namespace

AccessLogBuffer::AccessLogBuffer(AccessLogWriter& log, AccessLog format, std::size_t buffer_bytes)
    : log_(log), format_(format), ring_(buffer_bytes) {
  MOORING_CHECK(std::has_single_bit(buffer_bytes), "places are remainders by a power of two");
}

std::size_t AccessLogBuffer::used_bytes() const noexcept {
  return end_.load(std::memory_order_acquire) - begin_.load(std::memory_order_acquire);
}

void AccessLogBuffer::append(const AccessRecord& record) {
  line_.clear();
  append_access_line(line_, record, format_);
  const std::size_t used = used_bytes();
  if (line_.size() > ring_.size() - used) {
    ++dropped_;
    return;
  }
  copy_in(line_);
  log_.wake_if_waited_for(used + line_.size());
}

void AccessLogBuffer::copy_in(std::string_view line) noexcept {
  const std::uint64_t end = end_.load(std::memory_order_relaxed);
  const std::size_t place = end & (ring_.size() - 1);
  const std::size_t first = std::min(line.size(), ring_.size() - place);
  std::ranges::copy(line.substr(0, first), ring_.begin() + static_cast<std::ptrdiff_t>(place));
  std::ranges::copy(line.substr(first), ring_.begin());
  end_.store(end + line.size(), std::memory_order_release);
}

AccessLogWriter::AccessLogWriter(const AccessLogOptions& options, std::size_t cores)
    : options_(options),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      write_bytes_max_(write_bytes_max_of(options.fd)) {
  MOORING_CHECK(bool(wake_), "an event counter for the access log");
  for (std::size_t core = 0; core < cores; ++core)
    buffers_.push_back(
        std::make_unique<AccessLogBuffer>(*this, options.format, options.buffer_bytes));
  thread_ = std::thread([this] { work(); });
}

AccessLogWriter::~AccessLogWriter() {
  stopping_.store(true);
  wake();
  thread_.join();
}

AccessLogCounters AccessLogWriter::counters() const noexcept {
  AccessLogCounters now{.written = written_, .dropped = lost_};
  for (const auto& buffer : buffers_) now.dropped += buffer->dropped_;
  return now;
}

void AccessLogWriter::flush() {
  std::vector<std::uint64_t> ends;
  for (const auto& buffer : buffers_) ends.push_back(buffer->end_.load(std::memory_order_acquire));
  wake();
  std::unique_lock lock(progress_mutex_);
  progress_.wait(lock, [&] {
    for (std::size_t core = 0; core < ends.size(); ++core)
      if (buffers_[core]->begin_.load(std::memory_order_acquire) < ends[core]) return false;
    return true;
  });
}

void AccessLogWriter::work() {
  // A reader that is gone is an error of one write, not the end of the server; other signals are
  // for the main thread.
  sigset_t all_signals;
  sigfillset(&all_signals);
  ::pthread_sigmask(SIG_BLOCK, &all_signals, nullptr);
  while (!stopping_.load()) {
    wait_for_lines();
    write_all_buffers();
  }
  write_all_buffers();
}

void AccessLogWriter::wait_for_lines() {
  if (!anything_waits()) wait(Waiting::a_line, -1);
  if (!stopping_.load()) wait(Waiting::half_a_buffer, kGatherMs);
}

// Between saying what is waited for and sleeping, the buffers are looked at once more, so that no
// wake-up is lost.
void AccessLogWriter::wait(Waiting waiting, int timeout_ms) {
  waiting_.store(waiting);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const bool is_there = waiting == Waiting::a_line && anything_waits();
  if (!is_there && !stopping_.load()) {
    pollfd woken{.fd = wake_.get(), .events = POLLIN, .revents = 0};
    ::poll(&woken, 1, timeout_ms);
  }
  waiting_.store(Waiting::no);
  eventfd_t count = 0;
  ::eventfd_read(wake_.get(), &count);
}

bool AccessLogWriter::anything_waits() const noexcept {
  return std::ranges::any_of(buffers_, [](const auto& buffer) { return buffer->used_bytes() > 0; });
}

void AccessLogWriter::wake() noexcept {
  ::eventfd_write(wake_.get(), 1);
}

void AccessLogWriter::wake_if_waited_for(std::size_t used_bytes) noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const Waiting waiting = waiting_.load(std::memory_order_relaxed);
  const bool is_wanted = waiting == Waiting::a_line || (waiting == Waiting::half_a_buffer &&
                                                        used_bytes > options_.buffer_bytes / 2);
  if (is_wanted && waiting_.exchange(Waiting::no) != Waiting::no) wake();
}

void AccessLogWriter::write_all_buffers() {
  for (const auto& buffer : buffers_) write_buffer(*buffer);
  const std::scoped_lock lock(progress_mutex_);
  progress_.notify_all();
}

void AccessLogWriter::write_buffer(AccessLogBuffer& buffer) {
  const std::uint64_t end = buffer.end_.load(std::memory_order_acquire);
  std::uint64_t begin = buffer.begin_.load(std::memory_order_relaxed);
  bool failed = false;
  while (begin < end) {
    const std::size_t place = begin & (buffer.ring_.size() - 1);
    const std::size_t there = std::min<std::uint64_t>(end - begin, buffer.ring_.size() - place);
    const std::string_view bytes(buffer.ring_.data() + place, there);
    const std::size_t written = failed ? 0 : write_some(bytes);
    failed = failed || written == 0;
    written_ += count_lines(bytes.substr(0, written));
    if (failed) lost_ += count_lines(bytes);
    begin += failed ? there : written;
    buffer.begin_.store(begin, std::memory_order_release);
  }
}

// Waits as long as nobody reads; lines then wait in the buffers, and what does not fit is dropped
// there. At the stop it waits kStallMs. 0: the descriptor failed, or does not go on at the stop.
std::size_t AccessLogWriter::write_some(std::string_view bytes) {
  pollfd writable{.fd = options_.fd, .events = POLLOUT, .revents = 0};
  while (::poll(&writable, 1, kStallMs) == 0)
    if (stopping_.load()) return 0;
  if ((writable.revents & POLLOUT) == 0) return 0;
  const ssize_t written =
      ::write(options_.fd, bytes.data(), std::min(bytes.size(), write_bytes_max_));
  return written > 0 ? static_cast<std::size_t>(written) : 0;
}

}  // namespace mooring
