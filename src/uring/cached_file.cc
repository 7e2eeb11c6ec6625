#include "mooring/uring/cached_file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "mooring/base/fault.h"

namespace mooring {

// Faults that a test has armed lie on the long ways: then nothing is said to be in memory.

std::optional<Fd> open_cached(int directory_fd, const std::string& name) noexcept {
  if (detail::faults_armed) return std::nullopt;
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW;
  how.resolve = RESOLVE_CACHED;
  const long fd = ::syscall(SYS_openat2, directory_fd, name.c_str(), &how, sizeof how);
  if (fd < 0) return std::nullopt;
  return Fd(static_cast<int>(fd));
}

std::size_t read_cached(int fd, MutableBytes into, std::uint64_t offset_bytes) noexcept {
  if (detail::faults_armed) return 0;
  std::size_t done = 0;
  while (done < into.size()) {
    const iovec rest{into.data() + done, into.size() - done};
    const ssize_t n = ::preadv2(fd, &rest, 1, static_cast<off_t>(offset_bytes + done), RWF_NOWAIT);
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

bool bypass_cache(int fd) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_DIRECT) == 0;
}

void expect_single_reads(int fd) noexcept {
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
}

}  // namespace mooring
