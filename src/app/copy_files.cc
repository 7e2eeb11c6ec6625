#include "mooring/app/copy_files.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <vector>

#include "mooring/base/bytes.h"
#include "mooring/uring/file.h"

namespace mooring {

namespace {

constexpr std::uint64_t kPieceBytes = 64_MiB;
constexpr std::size_t kBufferBytes = 1_MiB;

// Where the kernel cannot copy between these two file systems.
Result<std::uint64_t> copy_by_buffer(int from, int to, std::uint64_t offset_bytes,
                                     std::uint64_t size_bytes) {
  std::vector<std::byte> buffer(std::min<std::uint64_t>(kBufferBytes, size_bytes));
  const Result<std::size_t> read = read_up_to(from, buffer, offset_bytes);
  if (!read) return std::unexpected(read.error());
  const Status written = write_all(to, Bytes(buffer).first(*read), offset_bytes);
  if (!written) return std::unexpected(written.error());
  return *read;
}

// Copies up to `size_bytes` from the beginning; how many there were.
Result<std::uint64_t> copy_bytes(int from, int to, std::uint64_t size_bytes) {
  std::uint64_t done = 0;
  while (done < size_bytes) {
    const std::uint64_t wanted = std::min(kPieceBytes, size_bytes - done);
    auto from_offset = static_cast<off_t>(done);
    auto to_offset = from_offset;
    const ssize_t copied = ::copy_file_range(from, &from_offset, to, &to_offset, wanted, 0);
    Result<std::uint64_t> moved = static_cast<std::uint64_t>(copied);
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0) {
      if (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS)
        return std::unexpected(error_from_errno(errno, "copy_file_range"));
      moved = copy_by_buffer(from, to, done, wanted);
    }
    if (!moved) return moved;
    if (*moved == 0) break;
    done += *moved;
  }
  return done;
}

}  // namespace

Status copy_beginning(int from_directory_fd, int to_directory_fd, const std::string& name,
                      std::uint64_t size_bytes, CopyCounts& counts) {
  const Result<Fd> from = open_for_read(from_directory_fd, name, Caching::buffered);
  if (!from) return std::unexpected(from.error());
  const Result<Fd> to = create_file(to_directory_fd, name, Caching::buffered);
  if (!to) return std::unexpected(to.error());
  const Result<std::uint64_t> copied = copy_bytes(from->get(), to->get(), size_bytes);
  if (!copied) return std::unexpected(copied.error());
  ++counts.copied_files;
  counts.copied_bytes += *copied;
  return {};
}

Status copy_file(int from_directory_fd, int to_directory_fd, const std::string& name,
                 Sharing sharing, CopyCounts& counts) {
  if (sharing == Sharing::link) {
    const Status linked = link_name(from_directory_fd, name, to_directory_fd, name);
    if (linked) ++counts.linked_files;
    if (linked || linked.error().code != Errc::not_implemented) return linked;
  }
  return copy_beginning(from_directory_fd, to_directory_fd, name,
                        std::numeric_limits<std::uint64_t>::max(), counts);
}

}  // namespace mooring
