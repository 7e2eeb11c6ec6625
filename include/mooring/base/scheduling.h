// Turns on a processor: threads that go first, because somebody waits for each thing they do, and
// threads that step aside, because nobody waits for their work, or it takes long and is waited for
// by writes only.
//
// A processor is given to whoever wakes up only when the thread that runs there has had its slice,
// which is milliseconds: a query that passes through four threads would wait for several of them.
// Who has asked for a shorter slice than the thread that runs gets the processor at once, where the
// kernel can do that (Linux 6.12). Shares of a busy machine stay those of any other thread, so
// uploads keep their rate.
//
// What the kernel refuses stays as it is.
#pragma once

namespace mooring {

/// From now on the calling thread is given the processor as soon as it wakes up, and for a short
/// while each time (0.1 ms, then others have their turn); threads that it makes take after it.
void go_first() noexcept;

/// From now on the calling thread is a background thread, and so are the threads that it makes. It
/// cannot be undone.
void step_aside() noexcept;

}  // namespace mooring
