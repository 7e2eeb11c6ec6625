#include "mooring/uring/operation.h"

#include <liburing.h>

#include "mooring/base/check.h"
#include "mooring/uring/ring.h"

namespace mooring {

namespace {

const char* name_of(std::uint8_t opcode) noexcept {
  switch (opcode) {
    case IORING_OP_RECV:
      return "recv";
    case IORING_OP_SEND:
      return "send";
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

Result<PickedBuffer> PickOperation::await_resume() const noexcept {
  if (raw_result() < 0) return std::unexpected(error_from_errno(-raw_result(), "recv"));
  if ((raw_flags() & IORING_CQE_F_BUFFER) == 0) return PickedBuffer{};
  const auto id = static_cast<std::uint16_t>(raw_flags() >> IORING_CQE_BUFFER_SHIFT);
  return PickedBuffer{id, static_cast<std::size_t>(raw_result())};
}

}  // namespace mooring
