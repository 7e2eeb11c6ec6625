// DataDirectory: the one directory in which everything lies, opened or formatted, and locked.
//
//   SUPERBLOCK           text: format version, store id; replaced whole (write new, sync, rename,
//   sync) LOCK                 held by flock for the life of the process blobs/00 … blobs/ff  files
//   of larger blobs, by the first two hex digits of the id segments/            append-only files
//   of small blobs catalog/             made and owned by the catalogue
//
// Opened once, on the start-up thread, before anything else touches the disk; immutable afterwards,
// so its descriptors are used from any thread. The 256 shard directories are opened eagerly: 256
// descriptors buy that no publish ever resolves a path or takes a lock. Released by the destructor,
// the lock last.
//
// I1  A directory with a SUPERBLOCK has every directory above on stable storage: formatting makes
//     and syncs bottom-up and writes the SUPERBLOCK last, so that a crash half-way is formatted
//     anew.
//     Until the catalogue is made too, the SUPERBLOCK says so: then an unfinished catalogue, or
//     none, is a beginning, and afterwards it is damage. Nothing was acknowledged before.
// I2  At most one process holds a directory.
// I3  A directory without a SUPERBLOCK but with a catalogue, or with anything that is not ours, is
//     never formatted.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "mooring/base/digest.h"
#include "mooring/base/result.h"
#include "mooring/base/uuid.h"
#include "mooring/uring/fd.h"
#include "mooring/uring/file.h"

namespace mooring {

inline constexpr unsigned kDataFormatVersion = 1;
inline constexpr unsigned kBlobShards = 256;

/// Stands in a directory that a backup or a restore has not ended. Such a directory is never
/// opened.
inline constexpr const char* kIncompleteName = "INCOMPLETE";

/// What to do with a path that is empty or not there.
enum class IfAbsent : std::uint8_t { format, refuse };

/// Whether unfinished files can do without a name (O_TMPFILE).
enum class Naming : std::uint8_t { unnamed, temporary };

struct DataDirectoryOptions {
  IfAbsent if_absent = IfAbsent::format;
  /// The best way to take. What the file system cannot do is found by trying; a weaker value here
  /// forces the fallback (tests, file systems with a broken O_DIRECT).
  Caching caching = Caching::direct;
  Naming naming = Naming::unnamed;
};

class DataDirectory {
 public:
  /// Opens `path` (its parent must exist) and takes the lock. Blocking. Errors: conflict: another
  /// process holds it; not_found: not there and `refuse`; invalid: not a data directory of ours;
  /// not_implemented: a format version we do not know; corrupt: no SUPERBLOCK beside a catalogue,
  /// or an unreadable one; else what the kernel said.
  [[nodiscard]] static Result<std::unique_ptr<DataDirectory>> open(
      const std::string& path, const DataDirectoryOptions& options = {});
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string catalog_path() const { return path_ + "/catalog"; }
  /// Made at format time; tells two stores apart.
  [[nodiscard]] const Uuid& store_id() const noexcept { return store_id_; }

  /// Whether the catalogue is still to be made: nobody has called `complete` for this store.
  [[nodiscard]] bool is_new() const noexcept { return is_new_; }
  /// The catalogue is made: from now on, for ever, it has to be there. Completed means that this,
  /// and the name of the catalogue's directory, is on stable storage. Blocking, at start.
  [[nodiscard]] Status complete();
  [[nodiscard]] int root_fd() const noexcept { return root_.get(); }
  [[nodiscard]] int blobs_fd() const noexcept { return blobs_.get(); }
  [[nodiscard]] int segments_fd() const noexcept { return segments_.get(); }
  [[nodiscard]] static unsigned shard_of(const Hash128& hash) noexcept {
    return static_cast<unsigned>(hash.hi >> 56);
  }
  [[nodiscard]] int shard_fd(unsigned shard) const noexcept { return shards_[shard].get(); }

  /// How files are written here: O_DIRECT, or through the page cache with early write-back.
  [[nodiscard]] Caching caching() const noexcept { return caching_; }
  [[nodiscard]] Naming naming() const noexcept { return naming_; }

 private:
  explicit DataDirectory(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] Status lock();
  [[nodiscard]] Status format();
  [[nodiscard]] Status write_superblock();
  [[nodiscard]] Status open_directories();
  [[nodiscard]] Status read_superblock();
  [[nodiscard]] Status probe(const DataDirectoryOptions& options);

  std::string path_;
  bool is_new_ = false;
  Uuid store_id_;
  Caching caching_ = Caching::buffered;
  Naming naming_ = Naming::temporary;
  Fd lock_;
  Fd root_;
  Fd blobs_;
  Fd segments_;
  std::array<Fd, kBlobShards> shards_;
};

}  // namespace mooring
