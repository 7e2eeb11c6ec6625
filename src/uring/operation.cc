#include "mooring/uring/operation.h"

#include <liburing.h>

#include <cerrno>

#include "mooring/base/check.h"
#include "mooring/uring/ring.h"

namespace mooring {

namespace {

const char* name_of(std::uint8_t opcode) noexcept {
  switch (opcode) {
    case IORING_OP_RECV:
      return "recv";
    case IORING_OP_SEND:
    case IORING_OP_SENDMSG:
      return "send";
    case IORING_OP_CONNECT:
      return "connect";
    case IORING_OP_TIMEOUT:
      return "timeout";
    case IORING_OP_ACCEPT:
      return "accept";
    case IORING_OP_READ:
    case IORING_OP_READ_FIXED:
      return "read";
    case IORING_OP_WRITE:
    case IORING_OP_WRITE_FIXED:
      return "write";
    default:
      return "ring operation";
  }
}

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

RingRequest timeout_request(const void* time) noexcept {
  RingRequest request;
  request.opcode = IORING_OP_TIMEOUT;
  request.address = reinterpret_cast<std::uint64_t>(time);
  request.length_bytes = 1;  // one timespec; an offset of 0 waits for time alone
  request.op_flags = IORING_TIMEOUT_ABS;
  return request;
}

}  // namespace

Operation::~Operation() {
  MOORING_CHECK(!in_flight_, "an operation is destroyed while the kernel still knows it");
}

void Operation::await_suspend(std::coroutine_handle<> waiter) noexcept {
  waiter_ = waiter;
  ring_.submit(*this);
}

Result<std::size_t> SizeOperation::await_resume() const noexcept {
  if (raw_result() < 0)
    return std::unexpected(error_from_errno(-raw_result(), name_of(request().opcode)));
  return static_cast<std::size_t>(raw_result());
}

Result<Fd> AcceptOperation::await_resume() const noexcept {
  if (raw_result() < 0) return std::unexpected(error_from_errno(-raw_result(), "accept"));
  return Fd(raw_result());
}

TimeoutOperation::TimeoutOperation(Ring& ring, std::uint64_t deadline_ns) noexcept
    : Operation(ring, timeout_request(&time_)),
      time_{static_cast<std::int64_t>(deadline_ns / kNanosecondsPerSecond),
            static_cast<std::int64_t>(deadline_ns % kNanosecondsPerSecond)} {
  static_assert(sizeof(__kernel_timespec) == sizeof time_);
}

Status TimeoutOperation::await_resume() const noexcept {
  if (raw_result() == -ETIME) return {};
  return std::unexpected(error_from_errno(-raw_result(), name_of(request().opcode)));
}

Result<PickedBuffer> PickOperation::await_resume() const noexcept {
  if (raw_result() < 0) return std::unexpected(error_from_errno(-raw_result(), "recv"));
  if ((raw_flags() & IORING_CQE_F_BUFFER) == 0) return PickedBuffer{};
  const auto id = static_cast<std::uint16_t>(raw_flags() >> IORING_CQE_BUFFER_SHIFT);
  return PickedBuffer{id, static_cast<std::size_t>(raw_result())};
}

}  // namespace mooring
