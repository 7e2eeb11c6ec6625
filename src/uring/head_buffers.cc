#include "mooring/uring/head_buffers.h"

#include <liburing.h>
#include <sys/mman.h>

#include "mooring/base/check.h"

namespace mooring {

namespace {

std::byte* map_pages(std::size_t size_bytes) {
  void* memory = ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<std::byte*>(memory);
}

}  // namespace

MutableBytes HeadLease::memory() const noexcept {
  MOORING_CHECK(owner_ != nullptr, "an empty lease has no memory");
  return {owner_->address(id_), kHeadBufferBytes};
}

void HeadLease::reset() noexcept {
  if (owner_ == nullptr) return;
  --owner_->leased_;
  owner_->give_back(id_);
  owner_ = nullptr;
}

Result<std::unique_ptr<HeadBuffers>> HeadBuffers::create(Ring& ring, std::uint16_t count) {
  std::unique_ptr<HeadBuffers> buffers(new HeadBuffers(ring, count));
  buffers->entries_bytes_ = round_up(count * sizeof(io_uring_buf), kBlockBytes);
  buffers->entries_ = reinterpret_cast<io_uring_buf_ring*>(map_pages(buffers->entries_bytes_));
  buffers->memory_ = map_pages(kHeadBufferBytes * count);
  if (buffers->entries_ == nullptr || buffers->memory_ == nullptr)
    return fail(Errc::overloaded, "address space for head buffers", ENOMEM);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uint64_t>(buffers->entries_);
  registration.ring_entries = count;
  registration.bgid = kGroup;
  const int result = io_uring_register_buf_ring(ring.raw(), &registration, 0);
  if (result < 0) return std::unexpected(error_from_errno(-result, "io_uring_register_buf_ring"));
  buffers->registered_ = true;
  io_uring_buf_ring_init(buffers->entries_);
  for (std::uint16_t id = 0; id < count; ++id) buffers->give_back(id);
  return buffers;
}

HeadBuffers::~HeadBuffers() {
  MOORING_CHECK(leased_ == 0, "a head buffer outlives its group");
  if (registered_) io_uring_unregister_buf_ring(ring_.raw(), kGroup);
  if (entries_ != nullptr) ::munmap(entries_, entries_bytes_);
  if (memory_ != nullptr) ::munmap(memory_, kHeadBufferBytes * count_);
}

HeadLease HeadBuffers::take(const PickedBuffer& picked) noexcept {
  MOORING_CHECK(picked.size_bytes > 0 && picked.id < count_, "not a picked buffer");
  ++leased_;
  return {*this, picked.id};
}

void HeadBuffers::give_back(std::uint16_t id) noexcept {
  io_uring_buf_ring_add(entries_, address(id), kHeadBufferBytes, id, io_uring_buf_ring_mask(count_),
                        0);
  io_uring_buf_ring_advance(entries_, 1);
}

}  // namespace mooring
