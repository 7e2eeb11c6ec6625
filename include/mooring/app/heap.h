// The heap of a process that runs for months: jemalloc.
//
// The C library's heap keeps what threads have freed in arenas of theirs, and grows for hours
// before that levels off. jemalloc gives it back to the kernel after a second; so the memory of a
// server at rest is what it uses, and a slope in it is a leak. Builds with a sanitizer have that
// one's heap.
#pragma once

#include <cstdint>

namespace mooring {

/// Lets a thread of the heap give back what idle threads have freed. Once, at the start of a
/// process that serves: one that does a job and ends needs no such thread, and a confined one
/// cannot have it.
void begin_heap_upkeep();

struct HeapGauges {
  std::uint64_t allocated_bytes = 0;  ///< what the program has asked for and not freed
  std::uint64_t resident_bytes = 0;   ///< what the heap holds of the machine's memory for that
};

/// Tens of microseconds. Any thread. Zeros where the heap is another.
[[nodiscard]] HeapGauges read_heap_gauges();

}  // namespace mooring
