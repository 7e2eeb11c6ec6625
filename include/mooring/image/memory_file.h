// Memory files: how bytes go to a worker and come back, as descriptors (memfd_create).
//
// What a worker is given to read is sealed before it gets the descriptor, so that nobody changes
// it; what it wrote is sealed before it is looked at, so that it cannot change or shrink under our
// eyes (a mapping of a file that shrinks kills its reader). Any thread; blocking calls, never on a
// core, except for reading a mapping, whose pages are in memory.
#pragma once

#include <cstdint>

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/uring/fd.h"

namespace mooring {

/// A file in memory that holds `content` and can never change. Errors: overloaded.
[[nodiscard]] Result<Fd> make_sealed_file(Bytes content);

/// An empty file in memory for a worker to write. Errors: overloaded.
[[nodiscard]] Result<Fd> make_output_file();

/// A read-only mapping of a whole file. Move-only.
class MappedFile {
 public:
  MappedFile() noexcept = default;
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  [[nodiscard]] Bytes bytes() const noexcept { return bytes_; }

  /// Maps the first `size_bytes` (not 0) of `fd`. corrupt: the file is shorter.
  [[nodiscard]] static Result<MappedFile> map(int fd, std::uint64_t size_bytes);

 private:
  Bytes bytes_;
};

/// Seals what a worker wrote and maps it. invalid: not exactly `size_bytes` long, or the worker
/// still has it mapped for writing.
[[nodiscard]] Result<MappedFile> seal_and_map(int fd, std::uint64_t size_bytes);

}  // namespace mooring
