// ZipReader: the files inside a ZIP archive that a stranger sent, one after the other.
//
// The only place that uses libzip. Blocks (it inflates, and may read from a file), so it lives on
// workers; one thread at a time, not always the same one. Nothing is ever written and no name is
// ever used as a path: names are made file names by rule X8.
//
// What is refused, before anything is inflated:
//   Z1  what is not one archive whose directory and local headers agree           invalid
//   Z2  encrypted files, methods other than store and deflate, symbolic links
//       and other things that are no files                                        unprocessable
//   Z3  more than entries_max files; a directory out of proportion to that;
//       ZIP64 directories, which only archives beyond our limits need             unprocessable
//   Z4  a file over entry_bytes_max, all together over total_bytes_max; a file
//       that is smaller than 1/ratio_max of what it inflates to; files that share
//       compressed bytes                                                          unprocessable
// and while it is inflated:
//   Z5  a file that is longer or shorter than it said, or whose checksum is wrong invalid
// Directories are skipped, and so is what a Mac adds beside the files (__MACOSX/, .DS_Store) [D].
//
// I1  Memory: the directory, at most kDirectoryBytesPerEntry for each entry allowed, and libzip's
//     few buffers. Contents are inflated into memory of the caller, one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/blob/aligned_memory.h"

namespace mooring {

inline constexpr std::size_t kDirectoryBytesPerEntry = 1_KiB;

struct ZipLimits {
  std::uint64_t entries_max = 1000;
  std::uint64_t entry_bytes_max = 64_MiB;
  std::uint64_t total_bytes_max = 1_GiB;
  std::uint64_t ratio_max = 200;  ///< looked at where a file inflates to more than kRatioFreeBytes
};

/// Below this any ratio is fine: a page of blanks is no attack.
inline constexpr std::uint64_t kRatioFreeBytes = 1_MiB;

/// The bytes of an archive, wherever they are. Outlives its reader.
class ZipSource {
 public:
  virtual ~ZipSource() = default;
  [[nodiscard]] virtual std::uint64_t size_bytes() const noexcept = 0;
  /// Fills `into` from `offset_bytes` on; both lie inside the archive. Fails with io_error.
  [[nodiscard]] virtual Status read(MutableBytes into, std::uint64_t offset_bytes) = 0;
};

class ZipMemory final : public ZipSource {
 public:
  explicit ZipMemory(Bytes content) noexcept : content_(content) {}
  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return content_.size(); }
  [[nodiscard]] Status read(MutableBytes into, std::uint64_t offset_bytes) override;

 private:
  Bytes content_;
};

/// A file that may be open with O_DIRECT: it is read through an aligned window.
class ZipFile final : public ZipSource {
 public:
  ZipFile(int fd, std::uint64_t size_bytes) noexcept;
  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return size_bytes_; }
  [[nodiscard]] Status read(MutableBytes into, std::uint64_t offset_bytes) override;

 private:
  int fd_;
  std::uint64_t size_bytes_;
  AlignedMemory window_;
  std::uint64_t window_offset_ = 0;
  std::size_t window_bytes_ = 0;
};

struct ZipEntry {
  std::string filename;  ///< by rule X8; may be empty
  std::uint64_t size_bytes = 0;
  std::uint64_t index = 0;  ///< in the archive
};

class ZipReader {
 public:
  /// Reads the directory and holds every entry against Z1 to Z4.
  [[nodiscard]] static Result<ZipReader> open(ZipSource& source, const ZipLimits& limits);
  ZipReader(ZipReader&&) noexcept;
  ~ZipReader();

  /// The files, in the order of the archive. At least one.
  [[nodiscard]] std::span<const ZipEntry> entries() const noexcept { return entries_; }

  /// Inflates one of `entries()`. Fails with invalid (Z5) or io_error.
  [[nodiscard]] Result<std::vector<std::byte>> read(const ZipEntry& entry);

 private:
  struct Archive;
  ZipReader(std::unique_ptr<Archive> archive, std::vector<ZipEntry> entries) noexcept;
  std::unique_ptr<Archive> archive_;
  std::vector<ZipEntry> entries_;
};

}  // namespace mooring
