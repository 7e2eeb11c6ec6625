#include "mooring/base/background.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace mooring {
namespace {

/// About a third of the share of an ordinary thread.
constexpr std::int32_t kNice = 5;
/// The longest that the kernel takes: who wakes up with a shorter slice runs at once.
constexpr std::uint64_t kSliceNs = 100'000'000;

/// As sched_setattr(2) takes it; the C library has no words for it.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = SCHED_BATCH;  // never interrupts another thread when it wakes up
  std::uint64_t flags = 0;
  std::int32_t nice = kNice;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = kSliceNs;  // of ordinary policies: the slice; ignored before 6.12
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};

}  // namespace

void step_aside() noexcept {
  SchedulingAttributes attributes;
  attributes.nice = std::max(kNice, ::getpriority(PRIO_PROCESS, 0));  // back up it may not go
  (void)::syscall(SYS_sched_setattr, 0, &attributes, 0u);
}

}  // namespace mooring
