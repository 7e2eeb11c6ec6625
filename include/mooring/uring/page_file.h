// Page files and page memory: bytes that the kernel keeps and sends by reference (memfd_create,
// sendfile, vmsplice).
//
// For bytes that are sent again and again: the kernel hands its pages to the socket, nothing is
// copied in or out of the process. The pages belong to no disk: nothing but this process changes
// them. Places in the file are never used twice; what is not wanted any more is punched out, and
// pages that still wait in a socket keep their bytes until the peer has them. That holds for single
// pages only: a punch into a part of a huge page writes zeros there, under the socket's eyes. Where
// an administrator has huge pages given to such files (shmem_enabled "always", "within_size" or
// "force", which is nobody's default) none is made, and who uses one looks whether it has come to
// that since.
//
// Page memory is the same for what is large: memory of the process in huge pages, of which the
// kernel has far fewer to find and to count than of the pages of a file. They go to the socket
// through a pipe.
//
// None of these calls waits, neither for a disk nor for a peer, so a core makes them itself: a ring
// would hand a splice to a thread of the kernel. The sockets were told so (socket.h: never_wait).
#pragma once

#include <cstdint>
#include <memory>

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/uring/fd.h"

namespace mooring {

/// Bytes of a page file, or of page memory.
struct FileStretch {
  int fd = -1;
  std::uint64_t first_byte = 0;
  std::uint64_t size_bytes = 0;
  const std::byte* memory = nullptr;  ///< where byte 0 is, instead of a file
};

/// Gives addresses of this process back.
struct Unmap {
  std::uint64_t size_bytes = 0;
  void operator()(std::byte* begin) const noexcept;
};
using Mapping = std::unique_ptr<std::byte, Unmap>;

/// Page memory: addresses for `size_bytes`, memory only where something was written. A place may be
/// written again once it was given back: what waits in a socket then keeps the pages it had.
class PageMemory {
 public:
  static constexpr std::uint64_t kPageBytes = 2_MiB;

  /// Errors: no_space (addresses are short, or the kernel promises no more than it has).
  [[nodiscard]] static Result<PageMemory> of(std::uint64_t size_bytes) noexcept;
  /// May use memory up to the end of the page of kPageBytes in which it ends.
  void put(Bytes from, std::uint64_t offset_bytes) noexcept;
  /// Whole pages of kPageBytes.
  void give_back(std::uint64_t offset_bytes, std::uint64_t size_bytes) noexcept;
  [[nodiscard]] const std::byte* begin() const noexcept { return mapping_.get(); }

 private:
  Mapping mapping_;
};

/// The beginning of a page file, where this process can read it: for what is small enough that a
/// copy costs less than a send by reference. Never written through; what was not written, or was
/// punched out, reads as zeros. Pages that were looked at are resident memory of the process. The
/// file outlives it.
class PageView {
 public:
  /// The first `size_bytes` (may be 0), which the file becomes as long as. Errors: no_space
  /// (addresses or memory are short).
  [[nodiscard]] static Result<PageView> of(int fd, std::uint64_t size_bytes) noexcept;
  [[nodiscard]] const std::byte* at(std::uint64_t offset_bytes) const noexcept {
    return mapping_.get() + offset_bytes;
  }

 private:
  Mapping mapping_;
};

/// An empty file in memory, of any length one likes. Errors: overloaded (memory, descriptors),
/// not_implemented (RLIMIT_FSIZE bounds the length of files, and so the places that can be used; or
/// its pages would be huge).
[[nodiscard]] Result<Fd> make_page_file();

/// The memory that the kernel has given to the file, in bytes: with single pages never more than
/// those that were written and not punched out.
[[nodiscard]] std::uint64_t page_file_bytes(int fd) noexcept;

/// Writes all of `from`. Errors: no_space (memory is short); then nothing is said about the place.
[[nodiscard]] Status put_in_pages(int fd, Bytes from, std::uint64_t offset_bytes) noexcept;

/// Gives the memory of whole pages back.
void punch_out(int fd, std::uint64_t offset_bytes, std::uint64_t size_bytes) noexcept;

/// Sends as much of `stretch` as the socket takes now; 0: nothing now, wait until it is writable.
[[nodiscard]] Result<std::size_t> send_stretch(int socket, const FileStretch& stretch) noexcept;

/// As send_stretch, from memory, for what a stretch follows: it waits in the kernel for that.
[[nodiscard]] Result<std::size_t> send_before_stretch(int socket, Bytes from) noexcept;

}  // namespace mooring
