// AlignedMemory: heap memory that O_DIRECT takes, for what does not come from the chunk pool.
#pragma once

#include <cstdlib>
#include <memory>

#include "mooring/base/bytes.h"
#include "mooring/base/check.h"

namespace mooring {

/// Page-aligned, its size rounded up to whole pages, not cleared. Move-only.
class AlignedMemory {
 public:
  AlignedMemory() noexcept = default;
  explicit AlignedMemory(std::size_t size_bytes)
      : size_bytes_(static_cast<std::size_t>(round_up(size_bytes, kBlockBytes))),
        memory_(static_cast<std::byte*>(std::aligned_alloc(kBlockBytes, size_bytes_))) {
    MOORING_CHECK(memory_ != nullptr, "out of memory");
  }

  [[nodiscard]] MutableBytes bytes() const noexcept { return {memory_.get(), size_bytes_}; }
  [[nodiscard]] explicit operator bool() const noexcept { return memory_ != nullptr; }

 private:
  struct Free {
    void operator()(std::byte* memory) const noexcept { std::free(memory); }
  };
  std::size_t size_bytes_ = 0;
  std::unique_ptr<std::byte, Free> memory_;
};

}  // namespace mooring
