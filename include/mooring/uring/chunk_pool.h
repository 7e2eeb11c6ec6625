// ChunkPool: the 1 MiB buffers into which the kernel receives bodies and from which the disk takes
// them.
//
// One pool per core, used on its thread. Chunks are page-aligned, have 4 KiB of slack behind them
// (so that a multipart delimiter can be seen before the last full block is written) and are
// registered with the ring the first time they are leased: pinning costs once, and only as much
// memory is pinned as was needed at the peak. Where RLIMIT_MEMLOCK is too small the chunk stays
// unregistered and is used by plain operations (measured: 5 ms more CPU per 192 MiB).
//
// The pool never grows beyond `chunks_max`: admission is the caller's (core/semaphore.h), so an
// empty pool is a programmer error there.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mooring/base/bytes.h"
#include "mooring/uring/ring.h"

namespace mooring {

inline constexpr std::size_t kChunkBytes = 1_MiB;
inline constexpr std::size_t kChunkSlackBytes = kBlockBytes;

class ChunkPool;

/// Move-only right to one chunk; gives it back in the destructor. Never destroyed while an
/// operation on its memory is in flight.
class ChunkLease {
 public:
  ChunkLease() noexcept = default;
  ~ChunkLease() { reset(); }
  ChunkLease(ChunkLease&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), index_(other.index_) {}
  ChunkLease& operator=(ChunkLease&& other) noexcept {
    if (this != &other) {
      reset();
      pool_ = std::exchange(other.pool_, nullptr);
      index_ = other.index_;
    }
    return *this;
  }

  [[nodiscard]] explicit operator bool() const noexcept { return pool_ != nullptr; }
  /// kChunkBytes + kChunkSlackBytes, page-aligned.
  [[nodiscard]] MutableBytes memory() const noexcept;
  /// The index for write_fixed and read_fixed; nothing if the chunk is not registered.
  [[nodiscard]] std::optional<std::uint16_t> registered_buffer() const noexcept;
  void reset() noexcept;

 private:
  friend class ChunkPool;
  ChunkLease(ChunkPool& pool, std::uint16_t index) noexcept : pool_(&pool), index_(index) {}

  ChunkPool* pool_ = nullptr;
  std::uint16_t index_ = 0;
};

class ChunkPool {
 public:
  /// `chunks_max` 1..16384. Reserves address space only.
  ChunkPool(Ring& ring, std::uint16_t chunks_max);
  ~ChunkPool();
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  /// A chunk, or an empty lease when all are out. The memory is not cleared.
  [[nodiscard]] ChunkLease lease();

  [[nodiscard]] std::size_t leased() const noexcept { return leased_; }
  [[nodiscard]] std::size_t registered() const noexcept { return registered_count_; }
  [[nodiscard]] std::uint16_t chunks_max() const noexcept { return chunks_max_; }

 private:
  friend class ChunkLease;
  enum class State : std::uint8_t { untouched, registered, unregistered };

  void register_chunk(std::uint16_t index);
  [[nodiscard]] std::byte* address(std::uint16_t index) const noexcept;

  Ring& ring_;
  std::uint16_t chunks_max_;
  std::byte* arena_ = nullptr;
  std::vector<State> states_;
  std::vector<std::uint16_t> free_;  // a stack, so that warm chunks are used first
  std::size_t leased_ = 0;
  std::size_t registered_count_ = 0;
  bool table_ready_ = false;
};

}  // namespace mooring
