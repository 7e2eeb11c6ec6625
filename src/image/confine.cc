#include "mooring/image/confine.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/prctl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <memory>

namespace mooring {

namespace {

constexpr int kCheckNicer = 5;  // than the server
constexpr int kRenditionNicer = 19;
constexpr unsigned kNobody = 65'534;
constexpr rlim_t kDescriptorsMax = 32;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MOORING_SHADOW_MEMORY 1  // terabytes of address space, reserved and never used
#endif
#endif

Status set_limit(__rlimit_resource_t resource, rlim_t value) {
  const rlimit limit{value, value};
  if (::setrlimit(resource, &limit) == 0) return {};
  return std::unexpected(error_from_errno(errno, "setrlimit"));
}

// Memory, threads, time and what descriptors came with.
constexpr std::array kAllowed = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getrandom),
    SCMP_SYS(membarrier),
    SCMP_SYS(prlimit64),
    SCMP_SYS(tgkill),
};

// Tried in good faith by libraries and the C library: they get an error and go on.
struct Denied {
  int call;
  int os_error;
};
constexpr std::array kDenied = {
    Denied{SCMP_SYS(openat), EACCES},
    Denied{SCMP_SYS(open), EACCES},
    Denied{SCMP_SYS(access), EACCES},
    Denied{SCMP_SYS(faccessat), EACCES},
    Denied{SCMP_SYS(faccessat2), EACCES},
    Denied{SCMP_SYS(stat), EACCES},
    Denied{SCMP_SYS(statx), EACCES},
    Denied{SCMP_SYS(getpeername), ENOTSOCK},
    Denied{SCMP_SYS(readlink), EACCES},
    Denied{SCMP_SYS(readlinkat), EACCES},
    Denied{SCMP_SYS(unlink), EACCES},
    Denied{SCMP_SYS(ioctl), ENOTTY},
    Denied{SCMP_SYS(clone3), ENOSYS},  // its flags cannot be seen from here; clone is tried next
    Denied{SCMP_SYS(sched_setaffinity), EPERM},
    Denied{SCMP_SYS(sched_setscheduler), EPERM},
    Denied{SCMP_SYS(sched_getattr), EPERM},
    Denied{SCMP_SYS(sched_setattr), EPERM},
    Denied{SCMP_SYS(uname), EPERM},
    Denied{SCMP_SYS(umask), EPERM},
    Denied{SCMP_SYS(pipe2), EMFILE},  // how a sanitizer asks whether memory can be read
};

struct ReleaseFilter {
  void operator()(void* filter) const noexcept { seccomp_release(filter); }
};

scmp_arg_cmp when(unsigned argument, scmp_compare compare, scmp_datum_t a, scmp_datum_t b = 0) {
  return {argument, compare, a, b};
}

int add_rules(scmp_filter_ctx filter) {
  int failed = 0;
  for (const int call : kAllowed) failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
  for (const Denied& denied : kDenied)
    failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(static_cast<unsigned>(denied.os_error)),
                               denied.call, 0);
  // Threads, never processes.
  failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                             when(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
  // No memory becomes code: everything that runs was loaded before.
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
                               when(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), call, 1,
                               when(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
  }
  // Names of threads, and names of their memory.
  failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                             when(0, SCMP_CMP_EQ, PR_SET_NAME));
  failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1,
                             when(0, SCMP_CMP_NE, PR_SET_NAME));
  // How the C library spells fstat.
  failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
                             when(3, SCMP_CMP_EQ, AT_EMPTY_PATH));
  failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(newfstatat), 1,
                             when(3, SCMP_CMP_NE, AT_EMPTY_PATH));
  failed |=
      seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, when(1, SCMP_CMP_EQ, F_GETFL));
  return failed;
}

}  // namespace

Status leave_the_machine() {
  constexpr int kOwn = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
  if (::geteuid() == 0) {
    (void)::unshare(kOwn);
    const bool left = ::setgroups(0, nullptr) == 0 && ::setresgid(kNobody, kNobody, kNobody) == 0 &&
                      ::setresuid(kNobody, kNobody, kNobody) == 0;
    if (!left) return std::unexpected(error_from_errno(errno, "leaving root"));
  } else {
    (void)::unshare(CLONE_NEWUSER | kOwn);
  }
  // After the change of identity, which clears it.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
    return std::unexpected(error_from_errno(errno, "PR_SET_PDEATHSIG"));
  return {};
}

Status yield_to_uploads(ImageTask task) {
  errno = 0;  // -1 is a niceness, too
  const int nicer = task == ImageTask::check ? kCheckNicer : kRenditionNicer;
  if (::nice(nicer) == -1 && errno != 0) return std::unexpected(error_from_errno(errno, "nice"));
  if (task == ImageTask::check) return {};
  // Niceness is a share; a thread of the server that wakes up would still wait for the end of a
  // rendition's time slice, several times an upload. The idle policy gives way at once.
  const sched_param parameters{};
  if (::sched_setscheduler(0, SCHED_IDLE, &parameters) != 0)
    return std::unexpected(error_from_errno(errno, "sched_setscheduler"));
  return {};
}

Status limit_resources(const ImageLimits& limits) {
#ifndef MOORING_SHADOW_MEMORY
  if (Status set = set_limit(RLIMIT_AS, limits.memory_bytes_max); !set) return set;
#endif
  if (Status set = set_limit(RLIMIT_FSIZE, limits.output_bytes_max); !set) return set;
  if (Status set = set_limit(RLIMIT_NOFILE, kDescriptorsMax); !set) return set;
  return set_limit(RLIMIT_CORE, 0);
}

Status forbid_system_calls() {
  const std::unique_ptr<void, ReleaseFilter> filter(seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (!filter) return fail(Errc::not_implemented, "seccomp_init");
  const bool loaded = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_NNP, 1) == 0 &&
                      seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
                      add_rules(filter.get()) == 0 && seccomp_load(filter.get()) == 0;
  if (!loaded) return fail(Errc::not_implemented, "the filter of system calls");
  return {};
}

}  // namespace mooring
