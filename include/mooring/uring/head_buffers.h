// HeadBuffers: where the first bytes of a request arrive.
//
// A group of buffers lent to the kernel: it picks one when data arrives on a connection, so that
// ten thousand idle connections hold none. One group per core, used on its thread.
//
// A buffer is owned by the kernel, or by exactly one HeadLease, which gives it back in its
// destructor.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "mooring/base/bytes.h"
#include "mooring/uring/ring.h"

struct io_uring_buf_ring;

namespace mooring {

/// Holds the largest head (16 KiB) and as much again of a pipelined request or a small body.
inline constexpr std::size_t kHeadBufferBytes = 32_KiB;
/// The first receive asks for no more than this: what comes with the head of a large body is the
/// part that has to be copied (vow V3: at most 2 % of 1 MiB).
inline constexpr std::size_t kFirstReceiveBytes = 16_KiB;

class HeadBuffers;

class HeadLease {
 public:
  HeadLease() noexcept = default;
  ~HeadLease() { reset(); }
  HeadLease(HeadLease&& other) noexcept
      : owner_(std::exchange(other.owner_, nullptr)), id_(other.id_) {}
  HeadLease& operator=(HeadLease&& other) noexcept {
    if (this != &other) {
      reset();
      owner_ = std::exchange(other.owner_, nullptr);
      id_ = other.id_;
    }
    return *this;
  }

  [[nodiscard]] explicit operator bool() const noexcept { return owner_ != nullptr; }
  [[nodiscard]] MutableBytes memory() const noexcept;
  void reset() noexcept;

 private:
  friend class HeadBuffers;
  HeadLease(HeadBuffers& owner, std::uint16_t id) noexcept : owner_(&owner), id_(id) {}

  HeadBuffers* owner_ = nullptr;
  std::uint16_t id_ = 0;
};

class HeadBuffers {
 public:
  /// `count`: a power of two, 1..32768. Errors: the kernel does not know buffer rings, or memlock.
  [[nodiscard]] static Result<std::unique_ptr<HeadBuffers>> create(Ring& ring, std::uint16_t count);
  ~HeadBuffers();
  HeadBuffers(const HeadBuffers&) = delete;
  HeadBuffers& operator=(const HeadBuffers&) = delete;

  /// Waits for data on `fd`; the completed operation is turned into a lease by `take`.
  [[nodiscard]] PickOperation recv(int fd) {
    return ring_.recv_pick(fd, kGroup, kFirstReceiveBytes);
  }
  /// The lease of a picked buffer. Call exactly once per PickedBuffer with size_bytes > 0.
  [[nodiscard]] HeadLease take(const PickedBuffer& picked) noexcept;

  [[nodiscard]] std::size_t leased() const noexcept { return leased_; }

 private:
  friend class HeadLease;
  static constexpr std::uint16_t kGroup = 1;

  HeadBuffers(Ring& ring, std::uint16_t count) noexcept : ring_(ring), count_(count) {}
  void give_back(std::uint16_t id) noexcept;
  [[nodiscard]] std::byte* address(std::uint16_t id) const noexcept {
    return memory_ + kHeadBufferBytes * id;
  }

  Ring& ring_;
  std::uint16_t count_;
  io_uring_buf_ring* entries_ = nullptr;
  std::size_t entries_bytes_ = 0;
  std::byte* memory_ = nullptr;
  std::size_t leased_ = 0;
  bool registered_ = false;
};

}  // namespace mooring
