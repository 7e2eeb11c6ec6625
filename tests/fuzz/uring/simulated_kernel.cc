#include "fuzz/uring/simulated_kernel.h"

#include <liburing.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "mooring/base/check.h"

namespace mooring {

namespace {

constexpr unsigned kEntries = 4096;  // of both queues; a turn of one connection needs a few
constexpr int kPatienceMs = 60'000;  // a connection that takes longer hangs

int errno_or(ssize_t result) {
  return static_cast<int>(result < 0 ? -errno : result);
}

// The client of the connection under way.
class Client {
 public:
  Client(int fd, const Script& script) : fd_(fd), script_(&script) {}

  [[nodiscard]] int fd() const { return fd_; }

  int receive(std::byte* into, std::size_t length_bytes) {
    const std::size_t at = outcome_.taken_bytes;
    const auto cut = std::ranges::upper_bound(script_->cuts, at);
    const std::size_t end =
        cut == script_->cuts.end() ? script_->bytes.size() : std::min(*cut, script_->bytes.size());
    const std::size_t size = std::min(length_bytes, end - at);
    if (at == script_->bytes.size()) {
      has_reset_ = script_->end == Script::End::reset;
      return has_reset_ ? -ECONNRESET : 0;
    }
    if (into != nullptr) std::memcpy(into, script_->bytes.data() + at, size);
    outcome_.taken_bytes += size;
    return static_cast<int>(size);
  }

  // The pieces together, all of them or what fits.
  int send(std::span<const iovec> pieces, bool all) {
    if (has_reset_) return -EPIPE;
    std::size_t room = all || script_->send_bytes_max == 0 ? SIZE_MAX : script_->send_bytes_max;
    std::size_t sent = 0;
    for (const iovec& piece : pieces) {
      const std::size_t size = std::min(piece.iov_len, room);
      outcome_.sent.append(static_cast<const char*>(piece.iov_base), size);
      sent += size;
      room -= size;
    }
    return static_cast<int>(sent);
  }

  [[nodiscard]] Conversation take() { return std::move(outcome_); }

 private:
  int fd_;
  const Script* script_;
  Conversation outcome_;
  bool has_reset_ = false;
};

// What stands behind one io_uring.
struct RingState {
  std::array<io_uring_sqe, kEntries> submissions;
  std::array<io_uring_cqe, kEntries> completions;
  unsigned taken = 0;  // submission queue: what the kernel has taken
  unsigned mask = kEntries - 1;
  unsigned entries = kEntries;
  unsigned first = 0;  // completion queue
  unsigned last = 0;
  std::deque<io_uring_sqe> waiting;  // accepts, and reads of what is no file
  io_uring_buf_ring* buffers = nullptr;
  unsigned buffers_mask = 0;
  std::uint16_t next_buffer = 0;
};

class Kernel {
 public:
  Kernel() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  [[nodiscard]] Conversation converse(const Script& script);
  void wait_until_accepting() {
    std::unique_lock lock(mutex_);
    accepting_.wait(lock, [this] { return is_accepting_; });
  }

  void open(io_uring* ring, const io_uring_params& params);
  void close(io_uring* ring) { delete state(ring); }
  // What is sent past the ring; nothing: `fd` is not the client's.
  [[nodiscard]] std::optional<int> send_now(int fd, const void* data, std::size_t size_bytes);
  [[nodiscard]] bool is_client(int fd);
  // Takes what was submitted, and waits up to `wait_ms` for a completion.
  int turn(io_uring* ring, int wait_ms);
  static RingState* state(io_uring* ring) { return static_cast<RingState*>(ring->sq.ring_ptr); }

 private:
  void take(RingState& ring, const io_uring_sqe& entry);
  std::optional<int> execute(RingState& ring, const io_uring_sqe& entry, unsigned& flags);
  [[nodiscard]] int receive(RingState& ring, const io_uring_sqe& entry, unsigned& flags);
  [[nodiscard]] int send(const io_uring_sqe& entry);
  static std::optional<int> read(const io_uring_sqe& entry);
  void cancel(RingState& ring, std::uint64_t user_data);
  void wake_waiting(RingState& ring);
  static void complete(RingState& ring, std::uint64_t user_data, int result, unsigned flags = 0);
  static int wait_for(const RingState& ring, int wake, int wait_ms);

  std::mutex mutex_;
  std::condition_variable accepting_;
  bool is_accepting_ = false;
  int wake_;                          // readable: a client connects
  std::optional<Client> connecting_;  // until it is accepted
  std::optional<Client> client_;
};

Kernel& kernel() {
  static Kernel one;
  return one;
}

Conversation Kernel::converse(const Script& script) {
  int ends[2] = {-1, -1};
  MOORING_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
  {
    const std::lock_guard lock(mutex_);
    connecting_.emplace(ends[1], script);
  }
  ::eventfd_write(wake_, 1);
  pollfd end{ends[0], 0, 0};  // only what is always reported: that the other end is closed
  while (::poll(&end, 1, kPatienceMs) < 0 && errno == EINTR) continue;
  MOORING_CHECK((end.revents & POLLHUP) != 0, "the server does not close the connection");
  ::close(ends[0]);
  const std::lock_guard lock(mutex_);
  MOORING_CHECK(client_.has_value(), "closed before it was accepted");
  Conversation outcome = client_->take();
  client_.reset();
  return outcome;
}

void Kernel::open(io_uring* ring, const io_uring_params& params) {
  auto* made = new RingState;
  std::memset(ring, 0, sizeof *ring);
  ring->flags = params.flags;
  ring->features = IORING_FEAT_NODROP;
  ring->ring_fd = -1;
  ring->sq.ring_ptr = made;
  ring->sq.khead = &made->taken;
  ring->sq.sqes = made->submissions.data();
  ring->sq.kring_mask = ring->cq.kring_mask = &made->mask;
  ring->sq.kring_entries = ring->cq.kring_entries = &made->entries;
  ring->sq.ring_mask = ring->cq.ring_mask = kEntries - 1;
  ring->sq.ring_entries = ring->cq.ring_entries = kEntries;
  ring->cq.khead = &made->first;
  ring->cq.ktail = &made->last;
  ring->cq.cqes = made->completions.data();
}

int Kernel::turn(io_uring* ring, int wait_ms) {
  RingState& here = *state(ring);
  std::unique_lock lock(mutex_);
  int taken = 0;
  for (; ring->sq.sqe_head != ring->sq.sqe_tail; ++ring->sq.sqe_head, ++taken)
    take(here, here.submissions[ring->sq.sqe_head & here.mask]);
  here.taken = ring->sq.sqe_head;
  wake_waiting(here);
  if (wait_ms == 0 || here.first != here.last) return taken;
  lock.unlock();
  wait_for(here, wake_, wait_ms);
  lock.lock();
  wake_waiting(here);
  return here.first == here.last ? -ETIME : taken;
}

void Kernel::take(RingState& ring, const io_uring_sqe& entry) {
  if (entry.opcode == IORING_OP_ASYNC_CANCEL) return cancel(ring, entry.addr);
  unsigned flags = 0;
  const std::optional<int> result = execute(ring, entry, flags);
  if (result) return complete(ring, entry.user_data, *result, flags);
  ring.waiting.push_back(entry);
  if (entry.opcode != IORING_OP_ACCEPT) return;
  is_accepting_ = true;
  accepting_.notify_all();
}

// Nothing: it has to wait.
std::optional<int> Kernel::execute(RingState& ring, const io_uring_sqe& entry, unsigned& flags) {
  const auto* address = reinterpret_cast<const void*>(entry.addr);
  switch (entry.opcode) {
    case IORING_OP_RECV:
      return receive(ring, entry, flags);
    case IORING_OP_SEND:
    case IORING_OP_SENDMSG:
      return send(entry);
    case IORING_OP_READ:
    case IORING_OP_READ_FIXED:
      return read(entry);
    case IORING_OP_WRITE:
    case IORING_OP_WRITE_FIXED:
      return errno_or(::pwrite(entry.fd, address, entry.len, static_cast<off_t>(entry.off)));
    case IORING_OP_POLL_ADD:
      return POLLOUT;
    case IORING_OP_ACCEPT:
      return std::nullopt;
    default:
      MOORING_CHECK(false, "an operation that this kernel does not know");
  }
}

int Kernel::receive(RingState& ring, const io_uring_sqe& entry, unsigned& flags) {
  if (!client_ || client_->fd() != entry.fd) return -ENOTCONN;
  if ((entry.flags & IOSQE_BUFFER_SELECT) == 0) {
    const bool drops = (entry.msg_flags & MSG_TRUNC) != 0;
    return client_->receive(drops ? nullptr : reinterpret_cast<std::byte*>(entry.addr), entry.len);
  }
  if (ring.next_buffer == ring.buffers->tail) return -ENOBUFS;
  const io_uring_buf& buffer = ring.buffers->bufs[ring.next_buffer & ring.buffers_mask];
  const std::size_t size = std::min<std::size_t>(entry.len, buffer.len);
  const int received = client_->receive(reinterpret_cast<std::byte*>(buffer.addr), size);
  if (received <= 0) return received;
  flags = IORING_CQE_F_BUFFER | static_cast<unsigned>(buffer.bid) << IORING_CQE_BUFFER_SHIFT;
  ++ring.next_buffer;
  return received;
}

int Kernel::send(const io_uring_sqe& entry) {
  if (!client_ || client_->fd() != entry.fd) return -ENOTCONN;
  const bool all = (entry.msg_flags & MSG_WAITALL) != 0;
  if (entry.opcode == IORING_OP_SENDMSG) {
    const auto* message = reinterpret_cast<const msghdr*>(entry.addr);
    return client_->send({message->msg_iov, message->msg_iovlen}, all);
  }
  const iovec piece{reinterpret_cast<void*>(entry.addr), entry.len};
  return client_->send({&piece, 1}, all);
}

bool Kernel::is_client(int fd) {
  const std::lock_guard lock(mutex_);
  return client_ && client_->fd() == fd;
}

std::optional<int> Kernel::send_now(int fd, const void* data, std::size_t size_bytes) {
  const std::lock_guard lock(mutex_);
  if (!client_ || client_->fd() != fd) return std::nullopt;
  const iovec piece{const_cast<void*>(data), size_bytes};
  return client_->send({&piece, 1}, false);
}

// Of a file at once, of an event counter when there is something.
std::optional<int> Kernel::read(const io_uring_sqe& entry) {
  auto* address = reinterpret_cast<void*>(entry.addr);
  struct stat status{};
  if (::fstat(entry.fd, &status) != 0) return -errno;
  if (S_ISREG(status.st_mode))
    return errno_or(::pread(entry.fd, address, entry.len, static_cast<off_t>(entry.off)));
  pollfd ready{entry.fd, POLLIN, 0};
  if (::poll(&ready, 1, 0) != 1) return std::nullopt;
  return errno_or(::read(entry.fd, address, entry.len));
}

void Kernel::cancel(RingState& ring, std::uint64_t user_data) {
  const auto found = std::ranges::find(ring.waiting, user_data, &io_uring_sqe::user_data);
  if (found == ring.waiting.end()) return;
  ring.waiting.erase(found);
  complete(ring, user_data, -ECANCELED);
}

void Kernel::wake_waiting(RingState& ring) {
  for (auto entry = ring.waiting.begin(); entry != ring.waiting.end();) {
    std::optional<int> result;
    if (entry->opcode != IORING_OP_ACCEPT) {
      result = read(*entry);
    } else if (connecting_) {
      eventfd_t count = 0;
      ::eventfd_read(wake_, &count);
      client_ = std::exchange(connecting_, std::nullopt);
      result = client_->fd();
    }
    if (!result) {
      ++entry;
      continue;
    }
    complete(ring, entry->user_data, *result);
    entry = ring.waiting.erase(entry);
  }
}

void Kernel::complete(RingState& ring, std::uint64_t user_data, int result, unsigned flags) {
  MOORING_CHECK(ring.last - ring.first < kEntries, "a full completion queue");
  io_uring_cqe& completion = ring.completions[ring.last++ & ring.mask];
  completion.user_data = user_data;
  completion.res = result;
  completion.flags = flags;
}

int Kernel::wait_for(const RingState& ring, int wake, int wait_ms) {
  std::vector<pollfd> ready;
  for (const io_uring_sqe& entry : ring.waiting)
    ready.push_back({entry.opcode == IORING_OP_ACCEPT ? wake : entry.fd, POLLIN, 0});
  return ::poll(ready.data(), ready.size(), wait_ms);
}

}  // namespace

Conversation converse(const Script& script) {
  return kernel().converse(script);
}

void wait_until_accepting() {
  kernel().wait_until_accepting();
}

}  // namespace mooring

// ---- the functions of liburing, and those of the C library that send past the ring ----
namespace {

ssize_t answered(int result) {
  if (result >= 0) return result;
  errno = -result;
  return -1;
}

}  // namespace

extern "C" {

ssize_t send(int fd, const void* data, std::size_t size_bytes, int flags) {
  const std::optional<int> sent = mooring::kernel().send_now(fd, data, size_bytes);
  return sent ? answered(*sent) : ::syscall(SYS_sendto, fd, data, size_bytes, flags, nullptr, 0);
}

ssize_t sendfile(int to, int from, off_t* offset, std::size_t size_bytes) noexcept {
  if (!mooring::kernel().is_client(to))
    return ::syscall(SYS_sendfile, to, from, offset, size_bytes);
  std::vector<std::byte> bytes(size_bytes);
  const ssize_t read = ::pread(from, bytes.data(), bytes.size(), *offset);
  if (read < 0) return read;
  const auto sent = mooring::kernel().send_now(to, bytes.data(), static_cast<std::size_t>(read));
  if (sent && *sent > 0) *offset += *sent;
  return answered(sent.value_or(-EPIPE));
}

int io_uring_queue_init_params(unsigned, io_uring* ring, io_uring_params* params) {
  mooring::kernel().open(ring, *params);
  return 0;
}

void io_uring_queue_exit(io_uring* ring) {
  mooring::kernel().close(ring);
}

int io_uring_ring_dontfork(io_uring*) {
  return 0;
}

int io_uring_register_ring_fd(io_uring*) {
  return 1;
}

int io_uring_register_iowq_max_workers(io_uring*, unsigned*) {
  return 0;
}

int io_uring_submit(io_uring* ring) {
  return mooring::kernel().turn(ring, 0);
}

int io_uring_submit_and_get_events(io_uring* ring) {
  return mooring::kernel().turn(ring, 0);
}

int io_uring_submit_and_wait_timeout(io_uring* ring, io_uring_cqe**, unsigned,
                                     __kernel_timespec* timeout, sigset_t*) {
  const long long wait_ms = timeout->tv_sec * 1000 + timeout->tv_nsec / 1'000'000 + 1;
  return mooring::kernel().turn(ring, static_cast<int>(wait_ms));
}

int io_uring_register_buf_ring(io_uring* ring, io_uring_buf_reg* registration, unsigned) {
  mooring::RingState& state = *mooring::Kernel::state(ring);
  state.buffers = reinterpret_cast<io_uring_buf_ring*>(registration->ring_addr);
  state.buffers_mask = registration->ring_entries - 1;
  return 0;
}

int io_uring_unregister_buf_ring(io_uring*, int) {
  return 0;
}

int io_uring_register_buffers_sparse(io_uring*, unsigned) {
  return 0;
}

int io_uring_register_buffers_update_tag(io_uring*, unsigned, const iovec*, const __u64*,
                                         unsigned count) {
  return static_cast<int>(count);
}

int io_uring_unregister_buffers(io_uring*) {
  return 0;
}

io_uring_probe* io_uring_get_probe_ring(io_uring*) {
  const std::size_t size_bytes =
      sizeof(io_uring_probe) + IORING_OP_LAST * sizeof(io_uring_probe_op);
  auto* probe = static_cast<io_uring_probe*>(std::calloc(1, size_bytes));
  probe->last_op = IORING_OP_LAST - 1;
  for (unsigned i = 0; i < IORING_OP_LAST; ++i) probe->ops[i].flags = IO_URING_OP_SUPPORTED;
  return probe;
}
}
