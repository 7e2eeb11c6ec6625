// Threads that step aside: for work that nobody waits for, or that takes long and is waited for by
// writes only.
//
// A processor is given to whoever wakes up only when the thread that runs there has had its slice,
// which is milliseconds: a query that passes through four threads would wait for several of them.
// A background thread gives the processor up at once, where the kernel can do that (Linux 6.12).
// Its share of a busy machine stays that of any other thread, so uploads keep their rate.
#pragma once

namespace mooring {

/// From now on the calling thread is a background thread, and so are the threads that it makes. It
/// cannot be undone. What the kernel refuses stays as it is.
void step_aside() noexcept;

}  // namespace mooring
