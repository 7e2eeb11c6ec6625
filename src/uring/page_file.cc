#include "mooring/uring/page_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace mooring {

namespace {

Result<std::size_t> sent(ssize_t count, const char* where) noexcept {
  if (count >= 0) return static_cast<std::size_t>(count);
  if (errno == EAGAIN || errno == EINTR) return std::size_t{0};
  return std::unexpected(error_from_errno(errno, where));
}

}  // namespace

Result<Fd> make_page_file() {
  rlimit length{};
  if (::getrlimit(RLIMIT_FSIZE, &length) != 0 || length.rlim_cur != RLIM_INFINITY)
    return fail(Errc::not_implemented, "RLIMIT_FSIZE");
  Fd file(::memfd_create("mooring", MFD_CLOEXEC));
  if (!file) return std::unexpected(error_from_errno(errno, "memfd_create"));
  return file;
}

Status put_in_pages(int fd, Bytes from, std::uint64_t offset_bytes) noexcept {
  while (!from.empty()) {
    const ssize_t n = ::pwrite(fd, from.data(), from.size(), static_cast<off_t>(offset_bytes));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(Errc::no_space, "a page file", n < 0 ? errno : 0);
    from = from.subspan(static_cast<std::size_t>(n));
    offset_bytes += static_cast<std::uint64_t>(n);
  }
  return {};
}

void punch_out(int fd, std::uint64_t offset_bytes, std::uint64_t size_bytes) noexcept {
  ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset_bytes),
              static_cast<off_t>(size_bytes));
}

Result<std::size_t> send_stretch(int socket, const FileStretch& stretch) noexcept {
  auto offset_bytes = static_cast<off_t>(stretch.first_byte);
  const ssize_t count = ::sendfile(socket, stretch.fd, &offset_bytes, stretch.size_bytes);
  // The file is there and not shorter than it was: nothing at all is no answer of the kernel's.
  if (count == 0) return fail(Errc::internal, "sendfile");
  return sent(count, "sendfile");
}

Result<std::size_t> send_before_stretch(int socket, Bytes from) noexcept {
  return sent(::send(socket, from.data(), from.size(), MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL),
              "send");
}

}  // namespace mooring
