#include "mooring/uring/chunk_pool.h"

#include <liburing.h>
#include <sys/mman.h>

#include "mooring/base/check.h"
#include "mooring/base/log.h"

namespace mooring {

namespace {

constexpr std::size_t kStrideBytes = kChunkBytes + kChunkSlackBytes;

}  // namespace

MutableBytes ChunkLease::memory() const noexcept {
  MOORING_CHECK(pool_ != nullptr, "an empty lease has no memory");
  return {pool_->address(index_), kStrideBytes};
}

std::optional<std::uint16_t> ChunkLease::registered_buffer() const noexcept {
  if (pool_->states_[index_] != ChunkPool::State::registered) return std::nullopt;
  return index_;
}

void ChunkLease::reset() noexcept {
  if (pool_ == nullptr) return;
  --pool_->leased_;
  pool_->free_.push_back(index_);
  pool_ = nullptr;
}

ChunkPool::ChunkPool(Ring& ring, std::uint16_t chunks_max)
    : ring_(ring), chunks_max_(chunks_max), states_(chunks_max, State::untouched) {
  MOORING_CHECK(chunks_max > 0, "a pool without chunks");
  void* arena = ::mmap(nullptr, kStrideBytes * chunks_max, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  MOORING_CHECK(arena != MAP_FAILED, "no address space for the chunk arena");
  arena_ = static_cast<std::byte*>(arena);
  ::madvise(arena_, kStrideBytes * chunks_max, MADV_DONTFORK);
  free_.reserve(chunks_max);
  for (std::uint16_t i = chunks_max; i > 0; --i) free_.push_back(static_cast<std::uint16_t>(i - 1));
  table_ready_ = io_uring_register_buffers_sparse(ring_.raw(), chunks_max) == 0;
}

ChunkPool::~ChunkPool() {
  MOORING_CHECK(leased_ == 0, "a chunk outlives its pool");
  if (table_ready_) io_uring_unregister_buffers(ring_.raw());
  ::munmap(arena_, kStrideBytes * chunks_max_);
}

std::byte* ChunkPool::address(std::uint16_t index) const noexcept {
  return arena_ + kStrideBytes * index;
}

ChunkLease ChunkPool::lease() {
  if (free_.empty()) return {};
  const std::uint16_t index = free_.back();
  free_.pop_back();
  ++leased_;
  if (states_[index] == State::untouched) register_chunk(index);
  return {*this, index};
}

void ChunkPool::register_chunk(std::uint16_t index) {
  iovec memory{address(index), kStrideBytes};
  int result = -ENOSYS;
  if (table_ready_)
    result = io_uring_register_buffers_update_tag(ring_.raw(), index, &memory, nullptr, 1);
  if (result == 1) {
    states_[index] = State::registered;
    ++registered_count_;
    return;
  }
  if (registered_count_ + 1 >= leased_)
    log_warning("uring",
                "a receive buffer could not be pinned ({}): raise the memlock limit "
                "(LimitMEMLOCK= or ulimit -l); plain writes are used for it",
                result);
  states_[index] = State::unregistered;
}

}  // namespace mooring
