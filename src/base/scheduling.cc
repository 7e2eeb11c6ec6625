#include "mooring/base/scheduling.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace mooring {
namespace {

/// The shortest and the longest that the kernel takes: who wakes up with a shorter slice than the
/// thread that runs is next.
constexpr std::uint64_t kShortSliceNs = 100'000;
constexpr std::uint64_t kLongSliceNs = 100'000'000;

/// As sched_setattr(2) takes it; the C library has no words for it.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;  // of ordinary policies: the slice; ignored before 6.12
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};

void ask_for(std::uint32_t policy, std::uint64_t slice_ns) noexcept {
  SchedulingAttributes attributes;
  attributes.policy = policy;
  attributes.nice = ::getpriority(PRIO_PROCESS, 0);  // as it is
  attributes.runtime_ns = slice_ns;
  (void)::syscall(SYS_sched_setattr, 0, &attributes, 0u);
}

}  // namespace

void go_first() noexcept {
  ask_for(SCHED_OTHER, kShortSliceNs);
}

void step_aside() noexcept {
  ask_for(SCHED_BATCH, kLongSliceNs);  // a batch thread never interrupts another when it wakes up
}

}  // namespace mooring
