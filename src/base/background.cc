#include "mooring/base/background.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace mooring {
namespace {

/// The longest that the kernel takes: who wakes up with a shorter slice runs at once.
constexpr std::uint64_t kSliceNs = 100'000'000;

/// As sched_setattr(2) takes it; the C library has no words for it.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = SCHED_BATCH;  // never interrupts another thread when it wakes up
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = kSliceNs;  // of ordinary policies: the slice; ignored before 6.12
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};

}  // namespace

void step_aside() noexcept {
  SchedulingAttributes attributes;
  attributes.nice = ::getpriority(PRIO_PROCESS, 0);  // as it is
  (void)::syscall(SYS_sched_setattr, 0, &attributes, 0u);
}

}  // namespace mooring
