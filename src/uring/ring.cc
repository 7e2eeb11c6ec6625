#include "mooring/uring/ring.h"

#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>

#include <optional>
#include <utility>

#include "mooring/base/check.h"
#include "mooring/base/fault.h"
#include "mooring/uring/compat.h"
#include "mooring/uring/socket.h"

namespace mooring {

namespace {

constexpr std::uint64_t kPointerMask = 0x0000'ffff'ffff'ffffu;

// Best first. What each buys is in the research on this kind of machine; each step down drops what
// an older kernel does not know. SUBMIT_ALL: one bad entry must not stop the batch. CLAMP: a large
// request is cut, not refused.
constexpr unsigned kCommonFlags =
    IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL;
constexpr unsigned kSetupFlags[] = {
    kCommonFlags | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
    kCommonFlags | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
    kCommonFlags | IORING_SETUP_COOP_TASKRUN,
};

// Ring operations of ours never need io-wq (blocking work goes to the worker pool); the cap is a
// net.
constexpr unsigned kIoWorkersBounded = 4;
constexpr unsigned kIoWorkersUnbounded = 2;

void fill(io_uring_sqe* sqe, const RingRequest& request) {
  *sqe = io_uring_sqe{};
  sqe->opcode = request.opcode;
  sqe->flags = request.sqe_flags;
  sqe->ioprio = request.io_priority;
  sqe->fd = request.fd;
  sqe->addr = request.address;
  sqe->len = request.length_bytes;
  sqe->off = request.offset_bytes;
  sqe->rw_flags = static_cast<__kernel_rwf_t>(request.op_flags);
  sqe->buf_index = request.buffer;
}

std::optional<IoKind> kind_of(std::uint8_t opcode) {
  switch (opcode) {
    case IORING_OP_READ:
    case IORING_OP_READ_FIXED:
      return IoKind::ring_read;
    case IORING_OP_WRITE:
    case IORING_OP_WRITE_FIXED:
      return IoKind::ring_write;
    case IORING_OP_RECV:
      return IoKind::ring_receive;
    case IORING_OP_SEND:
    case IORING_OP_SENDMSG:
      return IoKind::ring_send;
    case IORING_OP_ACCEPT:
      return IoKind::ring_accept;
    default:
      return std::nullopt;
  }
}

bool is_transfer_of_a_file(IoKind kind) {
  return kind == IoKind::ring_read || kind == IoKind::ring_write;
}

RingRequest socket_request(unsigned opcode, int fd, const void* address, std::size_t length_bytes,
                           unsigned flags) {
  RingRequest request;
  request.opcode = static_cast<std::uint8_t>(opcode);
  request.fd = fd;
  request.address = reinterpret_cast<std::uint64_t>(address);
  request.length_bytes = static_cast<std::uint32_t>(length_bytes);
  request.op_flags = flags;
  return request;
}

RingRequest file_request(unsigned opcode, int fd, const void* address, std::size_t length_bytes,
                         std::uint64_t offset_bytes, std::uint16_t buffer = 0) {
  RingRequest request = socket_request(opcode, fd, address, length_bytes, 0);
  request.offset_bytes = offset_bytes;
  request.buffer = buffer;
  return request;
}

}  // namespace

Result<std::unique_ptr<Ring>> Ring::create(const RingOptions& options) {
  int error = 0;
  for (const unsigned flags : kSetupFlags) {
    auto raw = std::make_unique<io_uring>();
    io_uring_params params{};
    params.flags = flags;
    params.cq_entries = options.completions;
    error = io_uring_queue_init_params(options.submissions, raw.get(), &params);
    if (error == -EINVAL) continue;
    if (error < 0) break;
    io_uring_ring_dontfork(raw.get());
    io_uring_register_ring_fd(raw.get());  // saves a descriptor look-up per enter; optional
    unsigned workers[2] = {kIoWorkersBounded, kIoWorkersUnbounded};
    io_uring_register_iowq_max_workers(raw.get(), workers);
    return std::unique_ptr<Ring>(new Ring(std::move(raw)));
  }
  return std::unexpected(error_from_errno(-error, "io_uring_setup"));
}

Ring::Ring(std::unique_ptr<io_uring> ring) noexcept : ring_(std::move(ring)) {}

Ring::~Ring() {
  MOORING_CHECK(in_flight_ == 0, "a ring is destroyed while the kernel still owns memory of ours");
  io_uring_queue_exit(ring_.get());
}

SizeOperation Ring::recv(int fd, MutableBytes into) {
  return {*this, socket_request(IORING_OP_RECV, fd, into.data(), into.size(), 0)};
}

PickOperation Ring::recv_pick(int fd, std::uint16_t group, std::size_t length_bytes) {
  RingRequest request = socket_request(IORING_OP_RECV, fd, nullptr, length_bytes, 0);
  request.sqe_flags = IOSQE_BUFFER_SELECT;
  // Between two requests nothing is there yet: the kernel waits first instead of trying in vain.
  request.io_priority = IORING_RECVSEND_POLL_FIRST;
  request.buffer = group;
  return {*this, request};
}

SizeOperation Ring::recv_discard(int fd, std::size_t length_bytes) {
  return {*this, socket_request(IORING_OP_RECV, fd, nullptr, length_bytes, MSG_TRUNC)};
}

SizeOperation Ring::send(int fd, Bytes from) {
  // MSG_WAITALL: the kernel retries short sends itself. MSG_NOSIGNAL: EPIPE instead of a signal.
  return {*this,
          socket_request(IORING_OP_SEND, fd, from.data(), from.size(), MSG_WAITALL | MSG_NOSIGNAL)};
}

SendParts::SendParts(Bytes first, Bytes second) noexcept
    : parts_{iovec{const_cast<std::byte*>(first.data()), first.size()},
             iovec{const_cast<std::byte*>(second.data()), second.size()}} {
  message_.msg_iov = parts_.data();
  message_.msg_iovlen = parts_.size();
}

SizeOperation Ring::send_parts(int fd, const SendParts& parts) {
  return {*this, socket_request(IORING_OP_SENDMSG, fd, &parts.message_, 1, MSG_NOSIGNAL)};
}

SizeOperation Ring::send_some(int fd, Bytes from) {
  return {*this, socket_request(IORING_OP_SEND, fd, from.data(), from.size(), MSG_NOSIGNAL)};
}

SizeOperation Ring::send_gathered(int fd, const msghdr& message) {
  return {*this, socket_request(IORING_OP_SENDMSG, fd, &message, 1, MSG_WAITALL | MSG_NOSIGNAL)};
}

SizeOperation Ring::wait_writable(int fd) {
  return {*this, socket_request(IORING_OP_POLL_ADD, fd, nullptr, 0, POLLOUT)};
}

AcceptOperation Ring::accept(int listener) {
  // No SOCK_NONBLOCK: the ring waits by itself, and who makes calls beside it says so (never_wait).
  return {*this, socket_request(IORING_OP_ACCEPT, listener, nullptr, 0, SOCK_CLOEXEC)};
}

SizeOperation Ring::connect(int fd, const SocketAddress& address) {
  const Bytes raw = address.raw();
  RingRequest request = socket_request(IORING_OP_CONNECT, fd, raw.data(), 0, 0);
  request.offset_bytes = raw.size();  // the kernel wants the length of the address here
  return {*this, request};
}

SizeOperation Ring::read(int fd, MutableBytes into, std::uint64_t offset_bytes) {
  return {*this, file_request(IORING_OP_READ, fd, into.data(), into.size(), offset_bytes)};
}

SizeOperation Ring::write(int fd, Bytes from, std::uint64_t offset_bytes) {
  return {*this, file_request(IORING_OP_WRITE, fd, from.data(), from.size(), offset_bytes)};
}

SizeOperation Ring::read_fixed(int fd, MutableBytes into, std::uint64_t offset_bytes,
                               std::uint16_t buffer) {
  return {*this,
          file_request(IORING_OP_READ_FIXED, fd, into.data(), into.size(), offset_bytes, buffer)};
}

SizeOperation Ring::write_fixed(int fd, Bytes from, std::uint64_t offset_bytes,
                                std::uint16_t buffer) {
  return {*this,
          file_request(IORING_OP_WRITE_FIXED, fd, from.data(), from.size(), offset_bytes, buffer)};
}

// What a test wants of the operation, if it hits: a NOP in its place, a shorter one, or a wait
// before it. The operation itself keeps saying what was asked for.
void Ring::put_fault(Operation& operation, io_uring_sqe* sqe) noexcept {
  static __kernel_timespec wait = {0, kFaultDelayMs * 1'000'000};
  if (std::exchange(operation.delayed_, false)) return;  // has waited
  const std::optional<IoKind> kind = kind_of(operation.request_.opcode);
  const IoFault fault = kind ? io_fault(*kind) : IoFault{};
  RingRequest instead;
  switch (fault.effect) {
    case IoFault::Effect::none:
      return;
    case IoFault::Effect::error:
      operation.injected_ = -fault.os_error;
      instead.opcode = IORING_OP_NOP;
      break;
    case IoFault::Effect::shorten:
      instead = operation.request_;
      if (is_transfer_of_a_file(*kind) && instead.length_bytes >= 2 * kBlockBytes)
        instead.length_bytes = instead.length_bytes / 2 / kBlockBytes * kBlockBytes;
      break;
    case IoFault::Effect::delay:
      operation.delayed_ = true;
      instead.opcode = IORING_OP_TIMEOUT;
      instead.address = reinterpret_cast<std::uint64_t>(&wait);
      instead.length_bytes = 1;
      break;
  }
  fill(sqe, instead);
}

void Ring::submit(Operation& operation) noexcept {
  io_uring_sqe* sqe = io_uring_get_sqe(ring_.get());
  while (sqe == nullptr) {  // full: hand over what is prepared; completions stay queued for collect
    io_uring_submit(ring_.get());
    ++counters_.enters;
    sqe = io_uring_get_sqe(ring_.get());
  }
  fill(sqe, operation.request_);
  if (detail::faults_armed) [[unlikely]]
    put_fault(operation, sqe);
  operation.generation_ = ++generation_;
  operation.in_flight_ = true;
  sqe->user_data = reinterpret_cast<std::uint64_t>(&operation) |
                   static_cast<std::uint64_t>(operation.generation_) << 48;
  ++in_flight_;
  ++counters_.submissions;
}

void Ring::cancel(Operation& operation) noexcept {
  if (!operation.in_flight_) return;
  io_uring_sqe* sqe = io_uring_get_sqe(ring_.get());
  while (sqe == nullptr) {
    io_uring_submit(ring_.get());
    sqe = io_uring_get_sqe(ring_.get());
  }
  *sqe = io_uring_sqe{};
  sqe->opcode = IORING_OP_ASYNC_CANCEL;
  sqe->fd = -1;
  sqe->addr = reinterpret_cast<std::uint64_t>(&operation) |
              static_cast<std::uint64_t>(operation.generation_) << 48;
  sqe->user_data = 0;  // nobody waits for the cancel itself
}

void Ring::turn(std::uint64_t wait_ns, std::vector<std::coroutine_handle<>>& ready) {
  io_uring_cqe* first = nullptr;
  ++counters_.enters;
  int result = 0;
  if (wait_ns == 0) {
    // Not io_uring_submit: under DEFER_TASKRUN only an enter that asks for events produces them.
    result = io_uring_submit_and_get_events(ring_.get());
  } else {
    __kernel_timespec timeout{};
    timeout.tv_sec = static_cast<long long>(wait_ns / 1'000'000'000u);
    timeout.tv_nsec = static_cast<long long>(wait_ns % 1'000'000'000u);
    result = io_uring_submit_and_wait_timeout(ring_.get(), &first, 1, &timeout, nullptr);
  }
  // EBUSY and EAGAIN: the kernel is short of memory for now; EINTR: a signal; ETIME: nothing came.
  const bool passing =
      result >= 0 || result == -ETIME || result == -EINTR || result == -EBUSY || result == -EAGAIN;
  MOORING_CHECK(passing, "io_uring_enter failed for good");
  collect(ready);
}

void Ring::collect(std::vector<std::coroutine_handle<>>& ready) {
  io_uring_cqe* cqe = nullptr;
  unsigned head = 0;
  unsigned seen = 0;
  io_uring_for_each_cqe(ring_.get(), head, cqe) {
    ++seen;
    if (cqe->user_data == 0) continue;
    auto* operation = reinterpret_cast<Operation*>(cqe->user_data & kPointerMask);
    MOORING_CHECK(operation->generation_ == cqe->user_data >> 48, "a stale completion");
    operation->result_ = operation->injected_ != 0 ? operation->injected_ : cqe->res;
    operation->flags_ = cqe->flags;
    operation->in_flight_ = false;
    --in_flight_;
    if (operation->delayed_ && cqe->res == -ETIME) [[unlikely]] {
      submit(*operation);
      continue;
    }
    ready.push_back(operation->waiter_);
  }
  io_uring_cq_advance(ring_.get(), seen);
  counters_.completions += seen;
}

}  // namespace mooring
