#include "mooring/core/frame_pool.h"

#include <array>
#include <new>
#include <utility>

namespace mooring {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MOORING_FRAMES_FROM_HEAP 1
#endif
#endif

#ifdef MOORING_FRAMES_FROM_HEAP

void* allocate_frame(std::size_t size_bytes) {
  return ::operator new(size_bytes);
}
void free_frame(void* frame, std::size_t) noexcept {
  ::operator delete(frame);
}

#else

namespace {

constexpr std::size_t kUnitBytes = 64;
constexpr std::size_t kClasses = 128;  // up to 8 KiB

struct FreeFrame {
  FreeFrame* next;
};

struct FramePool {
  std::array<FreeFrame*, kClasses> free{};

  ~FramePool() {
    for (FreeFrame* frame : free)
      while (frame != nullptr) ::operator delete(std::exchange(frame, frame->next));
  }
};

thread_local FramePool pool;

std::size_t class_of(std::size_t size_bytes) {
  return (size_bytes - 1) / kUnitBytes;
}

}  // namespace

void* allocate_frame(std::size_t size_bytes) {
  const std::size_t index = class_of(size_bytes);
  if (index >= kClasses) return ::operator new(size_bytes);
  FreeFrame*& head = pool.free[index];
  if (head == nullptr) return ::operator new((index + 1) * kUnitBytes);
  FreeFrame* const frame = head;
  head = frame->next;
  return frame;
}

void free_frame(void* frame, std::size_t size_bytes) noexcept {
  const std::size_t index = class_of(size_bytes);
  if (index >= kClasses) return ::operator delete(frame);
  auto* const free = static_cast<FreeFrame*>(frame);
  free->next = pool.free[index];
  pool.free[index] = free;
}

#endif

}  // namespace mooring
