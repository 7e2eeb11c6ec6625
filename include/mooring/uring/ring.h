// Ring: the one seam to the kernel's io_uring. Nothing else in Mooring makes its system calls.
//
// One ring per core, created, used and destroyed on that core's thread (SINGLE_ISSUER). One system
// call per turn of the loop submits everything prepared and waits (DEFER_TASKRUN: completions are
// produced only inside that call, so no interrupt ever runs on top of a handler).
//
// Completions are copied out first and resumed later by the loop (operation.h, I3).
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/uring/operation.h"

struct io_uring;
struct io_uring_sqe;
struct msghdr;

namespace mooring {

class SocketAddress;

struct RingOptions {
  /// Submission entries. A full queue costs one extra system call, never an error.
  unsigned submissions = 512;
  /// Completion entries; an overflow is kept by the kernel (NODROP) and only costs time.
  unsigned completions = 4096;
};

/// Counters of one ring; written by its thread, read by anyone.
struct RingCounters {
  std::uint64_t enters = 0;       ///< system calls
  std::uint64_t submissions = 0;  ///< entries handed to the kernel
  std::uint64_t completions = 0;
};

/// Two stretches of memory that go out as one message. Stays where it is until the operation that
/// sends it has completed.
class SendParts {
 public:
  SendParts(Bytes first, Bytes second) noexcept;
  SendParts(const SendParts&) = delete;
  SendParts& operator=(const SendParts&) = delete;

 private:
  friend class Ring;
  std::array<iovec, 2> parts_;
  msghdr message_{};
};

class Ring {
 public:
  /// Sets the ring up with the best flags this kernel takes. Errors: what io_uring_setup said, with
  /// uring/probe.h knowing the cause and the cure.
  [[nodiscard]] static Result<std::unique_ptr<Ring>> create(const RingOptions& options);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  /// Receives up to `into.size()` bytes. A completed call means: that many bytes are in `into`; 0:
  /// the peer has sent its FIN.
  [[nodiscard]] SizeOperation recv(int fd, MutableBytes into);
  /// Receives into a buffer of `group` (see HeadBuffers), picked when data is there.
  [[nodiscard]] PickOperation recv_pick(int fd, std::uint16_t group, std::size_t length_bytes);
  /// Receives and drops up to `length_bytes` without copying them (MSG_TRUNC): for refused bodies.
  [[nodiscard]] SizeOperation recv_discard(int fd, std::size_t length_bytes);

  /// Sends all of `from` (MSG_WAITALL: a short count means that the peer is gone).
  [[nodiscard]] SizeOperation send(int fd, Bytes from);

  /// Sends both parts of `parts` as one message, as much as the socket takes at once.
  [[nodiscard]] SizeOperation send_parts(int fd, const SendParts& parts);
  /// Sends some of `from`, as much as the socket takes at once: for large bodies, where every short
  /// count is progress of a slow reader.
  [[nodiscard]] SizeOperation send_some(int fd, Bytes from);

  /// Sends all that the pieces of `message` hold, in one go, as send() does with one piece.
  /// `message`, its list of pieces and what they show stay put until the completion.
  [[nodiscard]] SizeOperation send_gathered(int fd, const msghdr& message);

  /// Waits until the socket takes bytes again, or never will (the next send says which). The number
  /// it answers means nothing.
  [[nodiscard]] SizeOperation wait_writable(int fd);

  [[nodiscard]] AcceptOperation accept(int listener);
  /// Connects a socket of open_socket() to `address`, which stays put until the completion. A
  /// completed call (always 0) means: the peer's kernel has taken the connection in.
  [[nodiscard]] SizeOperation connect(int fd, const SocketAddress& address);

  /// Suspends until `deadline_ns` (CLOCK_MONOTONIC), for who needs a finer clock than the ticks of
  /// a timer wheel: about 60 µs late with the default timer slack.
  [[nodiscard]] TimeoutOperation wait_until(std::uint64_t deadline_ns) {
    return {*this, deadline_ns};
  }

  [[nodiscard]] SizeOperation read(int fd, MutableBytes into, std::uint64_t offset_bytes);
  [[nodiscard]] SizeOperation write(int fd, Bytes from, std::uint64_t offset_bytes);
  /// As read and write, with memory that lies in the registered buffer `buffer` (see ChunkPool).
  [[nodiscard]] SizeOperation read_fixed(int fd, MutableBytes into, std::uint64_t offset_bytes,
                                         std::uint16_t buffer);
  [[nodiscard]] SizeOperation write_fixed(int fd, Bytes from, std::uint64_t offset_bytes,
                                          std::uint16_t buffer);

  /// Asks the kernel to cancel `operation` if it is in flight. The operation still completes, with
  /// Errc::cancelled or with what it achieved, and must still be awaited.
  void cancel(Operation& operation) noexcept;

  /// Submits what is prepared and waits up to `wait_ns` for a completion (0: does not wait).
  /// Appends the coroutines that may go on to `ready`.
  void turn(std::uint64_t wait_ns, std::vector<std::coroutine_handle<>>& ready);

  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] const RingCounters& counters() const noexcept { return counters_; }
  /// For registrations by the other files of this floor.
  [[nodiscard]] io_uring* raw() noexcept { return ring_.get(); }

 private:
  friend class Operation;

  explicit Ring(std::unique_ptr<io_uring> ring) noexcept;
  void submit(Operation& operation) noexcept;
  void put_fault(Operation& operation, io_uring_sqe* sqe) noexcept;
  void collect(std::vector<std::coroutine_handle<>>& ready);

  std::unique_ptr<io_uring> ring_;
  std::size_t in_flight_ = 0;
  std::uint16_t generation_ = 0;
  RingCounters counters_;
};

}  // namespace mooring
