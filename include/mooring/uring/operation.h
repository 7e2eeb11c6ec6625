// Operation: one request to the kernel's ring, as something a coroutine can wait for.
//
// An operation lives in the frame of the coroutine that awaits it and takes its submission entry in
// await_suspend. The kernel keeps the address of the operation (as user_data, with a generation in
// the upper 16 bits) and of the lent memory until the completion arrives.
//
// I1  An operation neither moves nor is copied: its address is what the kernel knows.
// I2  Memory and descriptors lent to the kernel stay valid until the completion. So a suspended
// frame is
//     never destroyed: its operation is cancelled *and awaited*.
// I3  A completion is never resumed inside submit: the ring queues it, the loop resumes it.
// I4  A completion whose generation is not the operation's is a bug and stops the process.
//
// Thread: the ring's own, always.
#pragma once

#include <array>
#include <coroutine>
#include <cstdint>

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/uring/fd.h"

namespace mooring {

class Ring;

/// What a submission entry will say: a plain value, so that a fault injector or a simulation can
/// read it.
struct RingRequest {
  std::uint8_t opcode = 0;  ///< IORING_OP_*
  std::uint8_t sqe_flags = 0;
  std::uint16_t io_priority = 0;
  int fd = -1;
  std::uint64_t address = 0;
  std::uint32_t length_bytes = 0;
  std::uint64_t offset_bytes = 0;
  std::uint32_t op_flags = 0;
  std::uint16_t buffer = 0;  ///< index of the registered buffer, or the buffer group
};

class Operation {
 public:
  Operation(Ring& ring, const RingRequest& request) noexcept : ring_(ring), request_(request) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  ~Operation();

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept;

  /// True between submission and completion.
  [[nodiscard]] bool in_flight() const noexcept { return in_flight_; }

 protected:
  [[nodiscard]] std::int32_t raw_result() const noexcept { return result_; }
  [[nodiscard]] std::uint32_t raw_flags() const noexcept { return flags_; }
  [[nodiscard]] const RingRequest& request() const noexcept { return request_; }

 private:
  friend class Ring;

  Ring& ring_;
  RingRequest request_;
  std::coroutine_handle<> waiter_;
  std::int32_t result_ = 0;
  std::uint32_t flags_ = 0;
  std::int32_t injected_ = 0;  // a negative errno that a test wants as the result, or 0
  std::uint16_t generation_ = 0;
  bool delayed_ = false;  // a test has it wait; it is submitted anew when the wait is over
  bool in_flight_ = false;
};

/// An operation that answers with a number of bytes: recv, send, read, write. Short counts are the
/// caller's to handle; 0 from recv or read is the end of the stream.
class [[nodiscard]] SizeOperation : public Operation {
 public:
  using Operation::Operation;
  [[nodiscard]] Result<std::size_t> await_resume() const noexcept;
};

/// accept: answers with the new connection.
class [[nodiscard]] AcceptOperation : public Operation {
 public:
  using Operation::Operation;
  [[nodiscard]] Result<Fd> await_resume() const noexcept;
};

/// A point in time (Ring::wait_until): the time has come, or Errc::cancelled.
class [[nodiscard]] TimeoutOperation : public Operation {
 public:
  TimeoutOperation(Ring& ring, std::uint64_t deadline_ns) noexcept;
  [[nodiscard]] Status await_resume() const noexcept;

 private:
  std::array<std::int64_t, 2> time_;  // a __kernel_timespec: seconds, nanoseconds
};

/// A receive into a buffer that the kernel picks from a group when data arrives, so that an idle
/// connection holds no memory.
struct PickedBuffer {
  std::uint16_t id = 0;
  std::size_t size_bytes = 0;  ///< 0: end of stream, and no buffer was picked
};

class [[nodiscard]] PickOperation : public Operation {
 public:
  using Operation::Operation;
  /// ENOBUFS (every buffer of the group is in use) is Errc::overloaded.
  [[nodiscard]] Result<PickedBuffer> await_resume() const noexcept;
};

}  // namespace mooring
