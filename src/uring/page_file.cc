#include "mooring/uring/page_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "mooring/base/check.h"

namespace mooring {

namespace {

// As much as a process without privileges may ask for.
constexpr int kPipeBytes = 1_MiB;

Result<std::size_t> sent(ssize_t count, const char* where) noexcept {
  if (count >= 0) return static_cast<std::size_t>(count);
  if (errno == EAGAIN || errno == EINTR) return std::size_t{0};
  return std::unexpected(error_from_errno(errno, where));
}

// Of each thread: what is on its way from page memory to a socket. Empty between two sends.
class ReferencePipe {
 public:
  ReferencePipe() noexcept;

  [[nodiscard]] explicit operator bool() const noexcept { return bytes_max_ > 0; }
  [[nodiscard]] Result<std::size_t> send(int socket, Bytes from) noexcept;

 private:
  Fd read_, write_, nowhere_;
  std::size_t bytes_max_ = 0;
};

ReferencePipe::ReferencePipe() noexcept {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return;
  read_ = Fd(ends[0]);
  write_ = Fd(ends[1]);
  nowhere_ = Fd(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  ::fcntl(write_.get(), F_SETPIPE_SZ, kPipeBytes);  // less is slower, not worse
  const int bytes = ::fcntl(write_.get(), F_GETPIPE_SZ);
  if (nowhere_ && bytes > 0) bytes_max_ = static_cast<std::size_t>(bytes);
}

// What the socket does not take is dropped: these are references, and the caller sends it again.
Result<std::size_t> ReferencePipe::send(int socket, Bytes from) noexcept {
  const iovec pages{const_cast<std::byte*>(from.data()), std::min(from.size(), bytes_max_)};
  const ssize_t put = ::vmsplice(write_.get(), &pages, 1, SPLICE_F_NONBLOCK);
  if (put <= 0) return sent(put, "vmsplice");
  const auto count = static_cast<std::size_t>(put);
  Result<std::size_t> taken =
      sent(::splice(read_.get(), nullptr, socket, nullptr, count, SPLICE_F_NONBLOCK), "splice");
  for (std::size_t left = count - taken.value_or(0); left > 0;) {
    const ssize_t n = ::splice(read_.get(), nullptr, nowhere_.get(), nullptr, left, 0);
    if (n < 0 && errno == EINTR) continue;
    MOORING_CHECK(n > 0, "a pipe that cannot be emptied");
    left -= static_cast<std::size_t>(n);
  }
  return taken;
}

}  // namespace

void Unmap::operator()(std::byte* begin) const noexcept {
  ::munmap(begin, size_bytes);
}

// Taken with room to spare, which is cut off at both ends: huge pages lie at multiples of their
// size.
Result<PageMemory> PageMemory::of(std::uint64_t size_bytes) noexcept {
  PageMemory memory;
  if (size_bytes == 0) return memory;
  void* const raw = ::mmap(nullptr, size_bytes + kPageBytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) return fail(Errc::no_space, "mmap", errno);
  auto* const first = static_cast<std::byte*>(raw);
  const std::uint64_t before = -reinterpret_cast<std::uint64_t>(first) % kPageBytes;
  if (before > 0) ::munmap(first, before);
  std::byte* const begin = first + before;
  if (before < kPageBytes) ::munmap(begin + size_bytes, kPageBytes - before);
  ::madvise(begin, size_bytes, MADV_HUGEPAGE);
  ::madvise(begin, size_bytes, MADV_DONTFORK);
  ::madvise(begin, size_bytes, MADV_DONTDUMP);
  memory.mapping_ = Mapping(begin, Unmap{size_bytes});
  return memory;
}

void PageMemory::put(Bytes from, std::uint64_t offset_bytes) noexcept {
  std::memcpy(mapping_.get() + offset_bytes, from.data(), from.size());
}

void PageMemory::give_back(std::uint64_t offset_bytes, std::uint64_t size_bytes) noexcept {
  ::madvise(mapping_.get() + offset_bytes, size_bytes, MADV_DONTNEED);
}

// Not inherited: a child has no use for it, and to copy its page tables would take long.
Result<PageView> PageView::of(int fd, std::uint64_t size_bytes) noexcept {
  PageView view;
  if (size_bytes == 0) return view;
  if (::ftruncate(fd, static_cast<off_t>(size_bytes)) != 0)
    return fail(Errc::no_space, "ftruncate", errno);
  void* const begin = ::mmap(nullptr, size_bytes, PROT_READ, MAP_SHARED, fd, 0);
  if (begin == MAP_FAILED) return fail(Errc::no_space, "mmap", errno);
  ::madvise(begin, size_bytes, MADV_DONTFORK);
  ::madvise(begin, size_bytes, MADV_DONTDUMP);
  view.mapping_ = Mapping(static_cast<std::byte*>(begin), Unmap{size_bytes});
  return view;
}

Result<Fd> make_page_file() {
  rlimit length{};
  if (::getrlimit(RLIMIT_FSIZE, &length) != 0 || length.rlim_cur != RLIM_INFINITY)
    return fail(Errc::not_implemented, "RLIMIT_FSIZE");
  Fd file(::memfd_create("mooring", MFD_CLOEXEC));
  if (!file) return std::unexpected(error_from_errno(errno, "memfd_create"));
  constexpr std::array<std::byte, kBlockBytes> kPage{};
  if (Status put = put_in_pages(file.get(), kPage, 0); !put) return std::unexpected(put.error());
  if (page_file_bytes(file.get()) > kBlockBytes)
    return fail(Errc::not_implemented, "huge pages in memory files: shmem_enabled");
  punch_out(file.get(), 0, kBlockBytes);
  return file;
}

std::uint64_t page_file_bytes(int fd) noexcept {
  struct stat status{};
  MOORING_CHECK(::fstat(fd, &status) == 0, "fstat of a page file");
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
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
  if (stretch.memory != nullptr) {
    thread_local ReferencePipe pipe;
    const Bytes from{stretch.memory + stretch.first_byte, stretch.size_bytes};
    if (pipe) return pipe.send(socket, from);
    return sent(::send(socket, from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL), "send");
  }
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
