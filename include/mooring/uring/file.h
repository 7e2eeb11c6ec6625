// The file layer: blocking calls on files and names, for worker threads and for start-up.
//
// Namespace operations and syncs are always a thread round trip inside io_uring, so whole sequences
// of them run on a worker instead. This is the second seam to the kernel beside the ring:
// everything that makes an upload durable goes through these functions, so that a fault can be put
// into each of them (base/fault.h).
//
// Never on an event-loop thread. Every function reports errno as an Error and never retries a sync:
// after a failed sync the kernel may have dropped the data and marked it clean, so asking again
// proves nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/bytes.h"
#include "mooring/base/fault.h"
#include "mooring/base/result.h"
#include "mooring/uring/fd.h"

namespace mooring {

/// Whether a descriptor bypasses the page cache (O_DIRECT).
enum class Caching { buffered, direct };

/// Opens a directory, for use as the base of the calls below.
[[nodiscard]] Result<Fd> open_directory(int base_fd, const std::string& name);
/// Makes the directory (mode 0700) if it is not there. Not durable until the parent is synced.
[[nodiscard]] Status make_directory(int base_fd, const std::string& name);
/// The names in the directory, without "." and "..", in no order.
[[nodiscard]] Result<std::vector<std::string>> list_directory(int directory_fd);
/// Takes the whole-file lock (flock) for the life of `fd`; Errc::conflict if somebody else holds
/// it.
[[nodiscard]] Status lock_file(int fd);

/// A file without a name in directory `directory_fd` (O_TMPFILE): gone by itself unless linked.
/// Errc::not_implemented where the file system cannot.
[[nodiscard]] Result<Fd> open_unnamed(int directory_fd, Caching caching);
/// A new file that must not exist yet (Errc::exists).
[[nodiscard]] Result<Fd> create_file(int directory_fd, const std::string& name, Caching caching);
[[nodiscard]] Result<Fd> open_for_read(int directory_fd, const std::string& name, Caching caching);
/// Opens an existing file for reading and writing.
[[nodiscard]] Result<Fd> open_for_write(int directory_fd, const std::string& name, Caching caching);

/// Gives the file `size_bytes` of written-to-be space (fallocate mode 0: the size grows too, so
/// that aligned O_DIRECT writes inside it are never punted to a kernel thread).
[[nodiscard]] Status preallocate(int fd, std::uint64_t offset_bytes, std::uint64_t size_bytes);
[[nodiscard]] Status truncate_file(int fd, std::uint64_t size_bytes);
[[nodiscard]] Result<std::uint64_t> file_size(int fd);
/// How many names (hard links) the file has.
[[nodiscard]] Result<std::uint64_t> count_names(int fd);

/// Completed means: the bytes (and the size) of the file are on stable storage. `name` tells which
/// sync of the house it is. Any failure is
/// Errc::sync_failed, except that no space stays Errc::no_space.
[[nodiscard]] Status sync_data(int fd, SyncName name = SyncName::unnamed);
/// Completed means: the names in the directory are on stable storage.
[[nodiscard]] Status sync_directory(int directory_fd, SyncName name = SyncName::unnamed);
/// Completed means: all that was written to the file system of `fd` before is on stable storage.
[[nodiscard]] Status sync_file_system(int fd, SyncName name = SyncName::unnamed);

/// Gives an unnamed file its name; Errc::exists if the name is taken.
[[nodiscard]] Status link_unnamed(int fd, int directory_fd, const std::string& name);
/// Gives a named file a second name; Errc::exists if that is taken, Errc::not_implemented where the
/// two places cannot share a file: other file systems, too many names, links that are forbidden.
[[nodiscard]] Status link_name(int from_directory_fd, const std::string& from, int to_directory_fd,
                               const std::string& to);
/// Renames inside one file system; Errc::exists if the new name is taken.
[[nodiscard]] Status rename_without_replacing(int from_directory_fd, const std::string& from,
                                              int to_directory_fd, const std::string& to);
/// Renames inside one file system, over whatever has the new name.
[[nodiscard]] Status rename_replacing(int from_directory_fd, const std::string& from,
                                      int to_directory_fd, const std::string& to);
/// Removes a name. A name that is not there is fine.
[[nodiscard]] Status remove_name(int directory_fd, const std::string& name);

/// Reads exactly `into.size()` bytes; Errc::corrupt at an early end of the file.
[[nodiscard]] Status read_exactly(int fd, MutableBytes into, std::uint64_t offset_bytes);
/// Reads until `into` is full or the file ends; how many bytes. With O_DIRECT everything is
/// aligned.
[[nodiscard]] Result<std::size_t> read_up_to(int fd, MutableBytes into, std::uint64_t offset_bytes);
/// Starts the write-back of a part of the page cache and does not wait for it. A hint, no promise.
void start_writeback(int fd, std::uint64_t offset_bytes, std::uint64_t size_bytes) noexcept;
/// Writes all of `from`, going on after short counts.
[[nodiscard]] Status write_all(int fd, Bytes from, std::uint64_t offset_bytes);
/// `first` and, right behind it, `second`: one write as long as the file takes them whole.
[[nodiscard]] Status write_both(int fd, Bytes first, Bytes second, std::uint64_t offset_bytes);

/// Replaces a small file whole: new file, sync, rename over it, sync of the directory.
[[nodiscard]] Status replace_file(int directory_fd, const std::string& name,
                                  std::string_view content);
/// Reads a small file whole; Errc::too_large beyond `size_bytes_max`.
[[nodiscard]] Result<std::string> read_file(int directory_fd, const std::string& name,
                                            std::size_t size_bytes_max);

/// What is left on the file system of `fd` for an unprivileged writer.
struct FreeSpace {
  std::uint64_t bytes = 0;
  std::uint64_t inodes = 0;
};
[[nodiscard]] Result<FreeSpace> free_space(int fd);

}  // namespace mooring
