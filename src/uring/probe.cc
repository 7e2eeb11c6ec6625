#include "mooring/uring/probe.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <liburing.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include <cstdlib>
#include <fstream>

#include "mooring/base/bytes.h"
#include "mooring/uring/file.h"
#include "mooring/uring/page_file.h"
#include "mooring/uring/ring.h"

namespace mooring {

namespace {

using Grade = Finding::Grade;

std::string first_line_of(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string seccomp_mode() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.starts_with("Seccomp:")) return line.substr(line.find_last_of("\t ") + 1);
  return "0";
}

Finding probe_version() {
  utsname name{};
  ::uname(&name);
  int major = 0;
  int minor = 0;
  std::sscanf(name.release, "%d.%d", &major, &minor);
  if (major > 6 || (major == 6 && minor >= 1)) return {Grade::good, "kernel", name.release, ""};
  return {Grade::fatal, "kernel", name.release, "Mooring needs Linux 6.1 or newer"};
}

// Why io_uring_setup said no, in the words of somebody who can change it.
std::string cure_for(int os_error) {
  switch (os_error) {
    case EPERM:
      if (const std::string sysctl = first_line_of("/proc/sys/kernel/io_uring_disabled");
          sysctl == "1" || sysctl == "2")
        return fmt::format(
            "kernel.io_uring_disabled is {}: set it to 0 (sysctl -w "
            "kernel.io_uring_disabled=0), or add this user's group to "
            "kernel.io_uring_group if it is 1",
            sysctl);
      if (seccomp_mode() != "0")
        return "a seccomp filter forbids it (containers do by default): run with a profile that "
               "allows "
               "io_uring_setup, io_uring_enter and io_uring_register";
      return "a security module forbids it";
    case ENOSYS:
      return "the kernel was built without CONFIG_IO_URING, or a sandbox hides it";
    case ENOMEM:
      return "the memlock limit is too small: raise LimitMEMLOCK= or ulimit -l";
    default:
      return "see io_uring_setup(2)";
  }
}

constexpr int kOpcodesNeeded[] = {
    IORING_OP_RECV,  IORING_OP_SEND,       IORING_OP_ACCEPT,      IORING_OP_READ,
    IORING_OP_WRITE, IORING_OP_READ_FIXED, IORING_OP_WRITE_FIXED, IORING_OP_ASYNC_CANCEL};

Finding probe_ring() {
  Result<std::unique_ptr<Ring>> ring = Ring::create({});
  if (!ring)
    return {Grade::fatal, "io_uring", describe(ring.error()), cure_for(ring.error().os_error)};
  io_uring* raw = (*ring)->raw();
  io_uring_probe* probe = io_uring_get_probe_ring(raw);
  bool complete = probe != nullptr;
  for (const int opcode : kOpcodesNeeded)
    complete = complete && io_uring_opcode_supported(probe, opcode);
  std::free(probe);
  if (!complete)
    return {Grade::fatal, "io_uring", "operations are missing", "Mooring needs Linux 6.1 or newer"};
  if ((raw->features & IORING_FEAT_NODROP) == 0)
    return {Grade::fatal, "io_uring", "completions may be dropped", "use Linux 6.1 or newer"};
  if ((raw->flags & IORING_SETUP_DEFER_TASKRUN) == 0)
    return {Grade::weak, "io_uring", "without DEFER_TASKRUN", "Linux 6.1 or newer has it: faster"};
  return {Grade::good, "io_uring", fmt::format("features {:#x}", raw->features), ""};
}

std::string limit_text(rlim_t value) {
  return value == RLIM_INFINITY ? "unlimited" : fmt::format("{}", value);
}

Finding probe_limit(int resource, const char* what, std::uint64_t wanted, const char* cure) {
  rlimit limit{};
  ::getrlimit(static_cast<__rlimit_resource>(resource), &limit);
  const std::string found =
      fmt::format("{} (hard {})", limit_text(limit.rlim_cur), limit_text(limit.rlim_max));
  if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= wanted)
    return {Grade::good, what, found, ""};
  return {Grade::weak, what, found, fmt::format("{} (wanted: {})", cure, wanted)};
}

Finding probe_open_mode(int directory_fd, Caching caching, const char* what, const char* cure) {
  Result<Fd> file = open_unnamed(directory_fd, caching);
  if (file) return {Grade::good, what, "yes", ""};
  return {Grade::weak, what, describe(file.error()), cure};
}

std::string mount_options_of(const std::string& directory) {
  // The longest mount point that is a prefix of the directory.
  char* resolved = ::realpath(directory.c_str(), nullptr);
  const std::string path = resolved != nullptr ? resolved : directory;
  std::free(resolved);
  std::ifstream mounts("/proc/self/mounts");
  std::string device, point, type, options, rest, best, best_point;
  while (mounts >> device >> point >> type >> options && std::getline(mounts, rest)) {
    const bool inside = point == "/" || path == point || path.starts_with(point + "/");
    if (inside && point.size() >= best_point.size()) {
      best_point = point;
      best = fmt::format("{} {}", type, options);
    }
  }
  return best;
}

Finding probe_mount(const std::string& directory) {
  const std::string options = mount_options_of(directory);
  if (options.find("nobarrier") != std::string::npos ||
      options.find("barrier=0") != std::string::npos)
    return {Grade::weak, "mount", options,
            "without barriers a power cut loses acknowledged uploads: remount with barriers"};
  if (options.starts_with("tmpfs"))
    return {Grade::weak, "mount", options, "tmpfs forgets everything at a power cut"};
  return {Grade::good, "mount", options, ""};
}

constexpr std::uint64_t kFreeBytesWanted = 1_GiB;
constexpr std::uint64_t kFreeInodesWanted = 10'000;

Finding probe_space(int directory_fd) {
  Result<FreeSpace> space = free_space(directory_fd);
  if (!space) return {Grade::fatal, "space", describe(space.error()), "statvfs must work"};
  const std::string found =
      fmt::format("{} MiB, {} inodes free", space->bytes >> 20, space->inodes);
  if (space->bytes < kFreeBytesWanted || space->inodes < kFreeInodesWanted)
    return {Grade::weak, "space", found, "make room: uploads are refused near the end"};
  return {Grade::good, "space", found, ""};
}

void raise_limit(int resource) noexcept {
  rlimit limit{};
  const auto which = static_cast<__rlimit_resource>(resource);
  if (::getrlimit(which, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(which, &limit);
}

Finding probe_page_files() {
  if (const Result<Fd> file = make_page_file(); !file)
    return {
        Grade::weak, "memory files", describe(file.error()),
        "set transparent_hugepage/shmem_enabled to never or advise, and LimitFSIZE= to infinity: "
        "else downloads are not cached"};
  return {Grade::good, "memory files", "single pages", ""};
}

}  // namespace

std::vector<Finding> probe_kernel(std::uint64_t memlock_bytes_wanted,
                                  std::uint64_t open_files_wanted) {
  std::vector<Finding> findings;
  findings.push_back(probe_version());
  findings.push_back(probe_ring());
  // CAP_IPC_LOCK lifts the limit; root usually has it.
  findings.push_back(
      ::geteuid() == 0 ? Finding{Grade::good, "memlock", "root: not limited", ""}
                       : probe_limit(RLIMIT_MEMLOCK, "memlock", memlock_bytes_wanted,
                                     "raise LimitMEMLOCK= or ulimit -l: else some receive buffers "
                                     "are not registered"));
  findings.push_back(probe_limit(RLIMIT_NOFILE, "open files", open_files_wanted,
                                 "raise LimitNOFILE= or ulimit -n"));
  findings.push_back(probe_page_files());
  return findings;
}

std::vector<Finding> probe_file_system(const std::string& directory) {
  Result<Fd> fd = open_directory(AT_FDCWD, directory);
  if (!fd)
    return {{Grade::fatal, "data directory", describe(fd.error()),
             fmt::format("make {} a directory that this user may write", directory)}};
  std::vector<Finding> findings;
  findings.push_back(probe_mount(directory));
  findings.push_back(
      probe_open_mode(fd->get(), Caching::buffered, "O_TMPFILE",
                      "named temporary files are used instead; ext4 and XFS have it"));
  findings.push_back(probe_open_mode(fd->get(), Caching::direct, "O_DIRECT",
                                     "buffered writes are used instead; ext4 and XFS have it"));
  findings.push_back(probe_space(fd->get()));
  return findings;
}

void raise_limits() noexcept {
  raise_limit(RLIMIT_MEMLOCK);
  raise_limit(RLIMIT_NOFILE);
}

}  // namespace mooring
