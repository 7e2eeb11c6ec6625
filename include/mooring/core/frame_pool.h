// Coroutine frames from a free list per thread.
//
// Frames are freed on the thread that allocated them, as tasks stay on their core. Sizes are
// rounded up to 64 bytes; frames over 8 KiB go to the heap. In sanitizer builds every frame does,
// so that a use after its end is seen.
#pragma once

#include <cstddef>

namespace mooring {

[[nodiscard]] void* allocate_frame(std::size_t size_bytes);
void free_frame(void* frame, std::size_t size_bytes) noexcept;

}  // namespace mooring
