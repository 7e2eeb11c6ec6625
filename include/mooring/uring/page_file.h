// Page files: bytes that the kernel keeps and sends by reference (memfd_create, sendfile).
//
// For bytes that are sent again and again: the kernel hands its pages to the socket, nothing is
// copied in or out of the process. The pages belong to no disk: nothing but this process changes
// them. Places in the file are never used twice; what is not wanted any more is punched out, and
// pages that still wait in a socket keep their bytes until the peer has them.
//
// None of these calls waits, neither for a disk nor for a peer, so a core makes them itself: a ring
// would hand a splice to a thread of the kernel. The sockets were told so (socket.h: never_wait).
#pragma once

#include <cstdint>

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/uring/fd.h"

namespace mooring {

/// Bytes of a page file.
struct FileStretch {
  int fd = -1;
  std::uint64_t first_byte = 0;
  std::uint64_t size_bytes = 0;
};

/// An empty file in memory, of any length one likes. Errors: overloaded (memory, descriptors),
/// not_implemented (RLIMIT_FSIZE bounds the length of files, and so the places that can be used).
[[nodiscard]] Result<Fd> make_page_file();

/// Writes all of `from`. Errors: no_space (memory is short); then nothing is said about the place.
[[nodiscard]] Status put_in_pages(int fd, Bytes from, std::uint64_t offset_bytes) noexcept;

/// Gives the memory of whole pages back.
void punch_out(int fd, std::uint64_t offset_bytes, std::uint64_t size_bytes) noexcept;

/// Sends as much of `stretch` as the socket takes now; 0: nothing now, wait until it is writable.
[[nodiscard]] Result<std::size_t> send_stretch(int socket, const FileStretch& stretch) noexcept;

/// As send_stretch, from memory, for what a stretch follows: it waits in the kernel for that.
[[nodiscard]] Result<std::size_t> send_before_stretch(int socket, Bytes from) noexcept;

}  // namespace mooring
