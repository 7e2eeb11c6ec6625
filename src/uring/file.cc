#include "mooring/uring/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <thread>

namespace mooring {

namespace {

constexpr mode_t kFileMode = 0600;

std::unexpected<Error> last_error(const char* where) {
  return std::unexpected(error_from_errno(errno, where));
}

// The seam: a call to the kernel, unless a test has it fail.
template <typename Call>
auto kernel(IoKind kind, Call call) -> decltype(call()) {
  const IoFault fault = io_fault(kind);
  if (fault.effect == IoFault::Effect::error) {
    errno = fault.os_error;
    return -1;
  }
  if (fault.effect == IoFault::Effect::delay)
    std::this_thread::sleep_for(std::chrono::milliseconds(kFaultDelayMs));
  return call();
}

// As above, for a transfer of `size_bytes`, of which a short one moves half, in whole blocks.
template <typename Call>
ssize_t transfer(IoKind kind, std::size_t size_bytes, Call call) {
  const IoFault fault = io_fault(kind);
  if (fault.effect == IoFault::Effect::error) {
    errno = fault.os_error;
    return -1;
  }
  if (fault.effect == IoFault::Effect::delay)
    std::this_thread::sleep_for(std::chrono::milliseconds(kFaultDelayMs));
  if (fault.effect == IoFault::Effect::shorten && size_bytes >= 2 * kBlockBytes)
    size_bytes = size_bytes / 2 / kBlockBytes * kBlockBytes;
  return call(size_bytes);
}

Result<Fd> open_file(int directory_fd, const std::string& name, int flags, const char* where) {
  const int fd = kernel(IoKind::open, [&] {
    return ::openat(directory_fd, name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, kFileMode);
  });
  if (fd < 0) return last_error(where);
  return Fd(fd);
}

int direct_flag(Caching caching) {
  return caching == Caching::direct ? O_DIRECT : 0;
}

Status sync_result(int result, const char* where) {
  if (result == 0) return {};
  if (errno == ENOSPC || errno == EDQUOT) return last_error(where);
  return fail(Errc::sync_failed, where, errno);
}

}  // namespace

Result<Fd> open_directory(int base_fd, const std::string& name) {
  return open_file(base_fd, name, O_RDONLY | O_DIRECTORY, "open a directory");
}

Status make_directory(int base_fd, const std::string& name) {
  const int made =
      kernel(IoKind::make_directory, [&] { return ::mkdirat(base_fd, name.c_str(), 0700); });
  if (made == 0 || errno == EEXIST) return {};
  return last_error("mkdir");
}

Result<std::vector<std::string>> list_directory(int directory_fd) {
  // A description of its own: reading moves the position of a shared one.
  Fd own(kernel(IoKind::list, [directory_fd] {
    return ::openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }));
  if (!own) return last_error("open a directory");
  struct Close {
    void operator()(DIR* stream) const noexcept { ::closedir(stream); }
  };
  const std::unique_ptr<DIR, Close> stream(::fdopendir(own.get()));
  if (!stream) return last_error("fdopendir");
  static_cast<void>(own.release());
  std::vector<std::string> names;
  for (errno = 0; const dirent* entry = ::readdir(stream.get()); errno = 0) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return last_error("readdir");
  return names;
}

Status lock_file(int fd) {
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return {};
  if (errno == EWOULDBLOCK) return fail(Errc::conflict, "flock", errno);
  return last_error("flock");
}

Result<Fd> open_unnamed(int directory_fd, Caching caching) {
  const int fd = kernel(IoKind::open, [&] {
    return ::openat(directory_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC | direct_flag(caching),
                    kFileMode);
  });
  if (fd >= 0) return Fd(fd);
  if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)
    return fail(Errc::not_implemented, "O_TMPFILE", errno);
  return last_error("open an unnamed file");
}

Result<Fd> create_file(int directory_fd, const std::string& name, Caching caching) {
  return open_file(directory_fd, name, O_CREAT | O_EXCL | O_RDWR | direct_flag(caching),
                   "create a file");
}

Result<Fd> open_for_read(int directory_fd, const std::string& name, Caching caching) {
  return open_file(directory_fd, name, O_RDONLY | direct_flag(caching), "open a file");
}

Result<Fd> open_for_write(int directory_fd, const std::string& name, Caching caching) {
  return open_file(directory_fd, name, O_RDWR | direct_flag(caching), "open a file");
}

Status preallocate(int fd, std::uint64_t offset_bytes, std::uint64_t size_bytes) {
  const auto offset = static_cast<off_t>(offset_bytes);
  const auto size = static_cast<off_t>(size_bytes);
  if (kernel(IoKind::allocate, [&] { return ::fallocate(fd, 0, offset, size); }) == 0) return {};
  // A file system without fallocate (some network and FUSE ones): the space is found when written.
  if (errno == EOPNOTSUPP) return truncate_file(fd, offset_bytes + size_bytes);
  return last_error("fallocate");
}

Status truncate_file(int fd, std::uint64_t size_bytes) {
  const int cut =
      kernel(IoKind::truncate, [&] { return ::ftruncate(fd, static_cast<off_t>(size_bytes)); });
  if (cut == 0) return {};
  return last_error("ftruncate");
}

Result<std::uint64_t> file_size(int fd) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return last_error("fstat");
  return static_cast<std::uint64_t>(info.st_size);
}

Result<std::uint64_t> count_names(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return last_error("fstat");
  return static_cast<std::uint64_t>(status.st_nlink);
}

Status sync_data(int fd, SyncName name) {
  if (sync_is_skipped(name)) return {};
  return sync_result(kernel(IoKind::sync, [fd] { return ::fdatasync(fd); }), "fdatasync");
}

Status sync_directory(int directory_fd, SyncName name) {
  if (sync_is_skipped(name)) return {};
  return sync_result(kernel(IoKind::sync, [directory_fd] { return ::fsync(directory_fd); }),
                     "fsync of a directory");
}

Status sync_file_system(int fd, SyncName name) {
  if (sync_is_skipped(name)) return {};
  return sync_result(kernel(IoKind::sync, [fd] { return ::syncfs(fd); }), "syncfs");
}

Status link_unnamed(int fd, int directory_fd, const std::string& name) {
  // By way of /proc: AT_EMPTY_PATH needs CAP_DAC_READ_SEARCH before Linux 6.10.
  const std::string source = fmt::format("/proc/self/fd/{}", fd);
  const int linked = kernel(IoKind::name, [&] {
    return ::linkat(AT_FDCWD, source.c_str(), directory_fd, name.c_str(), AT_SYMLINK_FOLLOW);
  });
  if (linked == 0) return {};
  return last_error("linkat");
}

Status rename_without_replacing(int from_directory_fd, const std::string& from, int to_directory_fd,
                                const std::string& to) {
  const int renamed = kernel(IoKind::name, [&] {
    return ::renameat2(from_directory_fd, from.c_str(), to_directory_fd, to.c_str(),
                       RENAME_NOREPLACE);
  });
  if (renamed == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return last_error("renameat2");
  // A file system that cannot refuse to replace: a second name, then the first one goes.
  if (::linkat(from_directory_fd, from.c_str(), to_directory_fd, to.c_str(), 0) != 0)
    return last_error("linkat");
  return remove_name(from_directory_fd, from);
}

Status rename_replacing(int from_directory_fd, const std::string& from, int to_directory_fd,
                        const std::string& to) {
  const int renamed = kernel(IoKind::name, [&] {
    return ::renameat(from_directory_fd, from.c_str(), to_directory_fd, to.c_str());
  });
  if (renamed == 0) return {};
  return last_error("rename");
}

Status link_name(int from_directory_fd, const std::string& from, int to_directory_fd,
                 const std::string& to) {
  const int linked = kernel(IoKind::name, [&] {
    return ::linkat(from_directory_fd, from.c_str(), to_directory_fd, to.c_str(), 0);
  });
  if (linked == 0) return {};
  if (errno == EXDEV || errno == EMLINK || errno == EPERM || errno == EOPNOTSUPP)
    return fail(Errc::not_implemented, "linkat", errno);
  return last_error("linkat");
}

Status remove_name(int directory_fd, const std::string& name) {
  const int removed =
      kernel(IoKind::remove, [&] { return ::unlinkat(directory_fd, name.c_str(), 0); });
  if (removed == 0 || errno == ENOENT) return {};
  return last_error("unlink");
}

Status read_exactly(int fd, MutableBytes into, std::uint64_t offset_bytes) {
  while (!into.empty()) {
    const ssize_t n = transfer(IoKind::read, into.size(), [&](std::size_t size) {
      return ::pread(fd, into.data(), size, static_cast<off_t>(offset_bytes));
    });
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return last_error("pread");
    if (n == 0) return fail(Errc::corrupt, "a file is shorter than its record");
    into = into.subspan(static_cast<std::size_t>(n));
    offset_bytes += static_cast<std::uint64_t>(n);
  }
  return {};
}

Result<std::size_t> read_up_to(int fd, MutableBytes into, std::uint64_t offset_bytes) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t n = transfer(IoKind::read, into.size() - done, [&](std::size_t size) {
      return ::pread(fd, into.data() + done, size, static_cast<off_t>(offset_bytes + done));
    });
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return last_error("pread");
    done += static_cast<std::size_t>(n);
    // An odd count is the end of the file; with O_DIRECT it could not be gone on from.
    if (n == 0 || done % kBlockBytes != 0) break;
  }
  return done;
}

void start_writeback(int fd, std::uint64_t offset_bytes, std::uint64_t size_bytes) noexcept {
  ::sync_file_range(fd, static_cast<off_t>(offset_bytes), static_cast<off_t>(size_bytes),
                    SYNC_FILE_RANGE_WRITE);
}

Status write_all(int fd, Bytes from, std::uint64_t offset_bytes) {
  while (!from.empty()) {
    const ssize_t n = transfer(IoKind::write, from.size(), [&](std::size_t size) {
      return ::pwrite(fd, from.data(), size, static_cast<off_t>(offset_bytes));
    });
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return last_error("pwrite");
    from = from.subspan(static_cast<std::size_t>(n));
    offset_bytes += static_cast<std::uint64_t>(n);
  }
  return {};
}

Status write_both(int fd, Bytes first, Bytes second, std::uint64_t offset_bytes) {
  while (!first.empty()) {
    const ssize_t n = transfer(IoKind::write, first.size() + second.size(), [&](std::size_t size) {
      const std::size_t of_first = std::min(size, first.size());
      const std::array parts{
          iovec{const_cast<std::byte*>(first.data()), of_first},
          iovec{const_cast<std::byte*>(second.data()), size - of_first},
      };
      return ::pwritev(fd, parts.data(), static_cast<int>(parts.size()),
                       static_cast<off_t>(offset_bytes));
    });
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return last_error("pwritev");
    const auto written = static_cast<std::size_t>(n);
    const std::size_t of_first = std::min(written, first.size());
    first = first.subspan(of_first);
    second = second.subspan(written - of_first);
    offset_bytes += written;
  }
  return write_all(fd, second, offset_bytes);
}

Status replace_file(int directory_fd, const std::string& name, std::string_view content) {
  const std::string fresh = name + ".new";
  if (Status removed = remove_name(directory_fd, fresh); !removed) return removed;
  Result<Fd> file = create_file(directory_fd, fresh, Caching::buffered);
  if (!file) return std::unexpected(file.error());
  if (Status written = write_all(file->get(), as_bytes(content), 0); !written) return written;
  crash_point(CrashPoint::replacement_written);
  // Of a new file fdatasync brings the size too.
  if (Status synced = sync_data(file->get(), SyncName::replacement_data); !synced) return synced;
  if (Status renamed = rename_replacing(directory_fd, fresh, directory_fd, name); !renamed)
    return renamed;
  crash_point(CrashPoint::replacement_renamed);
  return sync_directory(directory_fd, SyncName::replacement_directory);
}

Result<std::string> read_file(int directory_fd, const std::string& name,
                              std::size_t size_bytes_max) {
  Result<Fd> file = open_for_read(directory_fd, name, Caching::buffered);
  if (!file) return std::unexpected(file.error());
  Result<std::uint64_t> size = file_size(file->get());
  if (!size) return std::unexpected(size.error());
  if (*size > size_bytes_max) return fail(Errc::too_large, "read a small file");
  std::string content(*size, '\0');
  Status read = read_exactly(file->get(), std::as_writable_bytes(std::span(content)), 0);
  if (!read) return std::unexpected(read.error());
  return content;
}

Result<FreeSpace> free_space(int fd) {
  struct statvfs info{};
  if (::fstatvfs(fd, &info) != 0) return last_error("fstatvfs");
  FreeSpace space;
  space.bytes = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  // Some file systems (btrfs) have no inode count and report 0 in both fields.
  space.inodes = info.f_files == 0 ? UINT64_MAX : info.f_favail;
  return space;
}

}  // namespace mooring
