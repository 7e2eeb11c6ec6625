#include "mooring/image/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

namespace mooring {
namespace {

constexpr int kConfineFailed = 99;

// What becomes of a confined process that runs `deed`: its exit code, or the negative signal.
int fate_of(const std::function<int()>& deed) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool confined = leave_the_machine() && limit_resources({}) && forbid_system_calls();
    ::_exit(confined ? deed() : kConfineFailed);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(Confinement, KillsWhoOpensASocket) {
  EXPECT_EQ(fate_of([] { return ::socket(AF_INET, SOCK_STREAM, 0) < 0 ? 1 : 0; }), -SIGSYS);
  EXPECT_EQ(fate_of([] { return ::socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? 1 : 0; }), -SIGSYS);
}

TEST(Confinement, KillsWhoStartsAProcess) {
  EXPECT_EQ(fate_of([] { return ::fork() < 0 ? 1 : 0; }), -SIGSYS);
  EXPECT_EQ(fate_of([] { return ::vfork() < 0 ? 1 : 0; }), -SIGSYS);
  EXPECT_EQ(fate_of([] {
              char name[] = "/bin/true";
              char* const arguments[] = {name, nullptr};
              return ::execv(name, arguments);
            }),
            -SIGSYS);
}

TEST(Confinement, KillsWhoSignalsOthers) {
  EXPECT_EQ(fate_of([] { return ::kill(::getppid(), 0); }), -SIGSYS);
}

TEST(Confinement, OpensNoFile) {
  EXPECT_EQ(fate_of([] { return ::open("/etc/passwd", O_RDONLY) < 0 ? errno : 0; }), EACCES);
  EXPECT_EQ(fate_of([] { return ::open("x", O_RDWR | O_CREAT, 0600) < 0 ? errno : 0; }), EACCES);
}

TEST(Confinement, MakesNoMemoryExecutable) {
  EXPECT_EQ(fate_of([] {
              void* const memory =
                  ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              if (memory == MAP_FAILED) return 1;
              return ::mprotect(memory, 4096, PROT_READ | PROT_EXEC) < 0 ? errno : 0;
            }),
            EACCES);
}

TEST(Confinement, LeavesThreadsAndMemory) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "after other tests the sanitizer's own threads need calls that a worker does not";
#endif
#endif
  EXPECT_EQ(fate_of([] {
              int answer = 0;
              std::thread([&answer] { answer = 7; }).join();
              return answer;
            }),
            7);
}

TEST(Confinement, BoundsItsMemory) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "a sanitizer's shadow is larger than any limit of memory";
#endif
#endif
  const auto take = [](std::size_t bytes) {
    return fate_of([bytes] {
      void* const memory =
          ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      return memory == MAP_FAILED ? errno : 0;
    });
  };
  EXPECT_EQ(take(64_MiB), 0);
  EXPECT_EQ(take(ImageLimits{}.memory_bytes_max), ENOMEM) << "the program itself takes some of it";
}

TEST(Confinement, YieldsFromWhereverTheServerStands) {
  for (const int niceness : {0, 10, 19})
    for (const ImageTask task : {ImageTask::check, ImageTask::render}) {
      const pid_t child = ::fork();
      if (child == 0) {
        const bool yields = ::setpriority(PRIO_PROCESS, 0, niceness) == 0 && leave_the_machine() &&
                            yield_to_uploads(task);
        const int now = ::getpriority(PRIO_PROCESS, 0);
        ::_exit(yields && now >= niceness && now > 0 ? 0 : 1);
      }
      int status = 0;
      ::waitpid(child, &status, 0);
      EXPECT_EQ(status, 0) << niceness;
    }
}

TEST(Confinement, BoundsWhatAFileMayGrowTo) {
  EXPECT_EQ(fate_of([] {
              const int file = 1;  // whatever it is, its end is out of reach
              ::signal(SIGXFSZ, SIG_IGN);
              return static_cast<int>(::pwrite(file, "x", 1, 65ll << 20) < 0);
            }),
            1);
}

TEST(Confinement, IsNobodyAndDumpsNothing) {
  EXPECT_EQ(fate_of([] {
              rlimit limit{};
              return ::getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0 ? 3 : 0;
            }),
            3);
  if (::geteuid() != 0) GTEST_SKIP() << "only root has an identity to give up";
  const pid_t child = ::fork();
  if (child == 0) ::_exit(leave_the_machine() && ::geteuid() == 65'534 ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace mooring
