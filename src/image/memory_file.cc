#include "mooring/image/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <utility>

#include "mooring/uring/file.h"

namespace mooring {

namespace {

constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

}  // namespace

Result<Fd> make_output_file() {
  Fd file(::memfd_create("mooring-image", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return std::unexpected(error_from_errno(errno, "memfd_create"));
  return file;
}

Result<Fd> make_sealed_file(Bytes content) {
  Result<Fd> file = make_output_file();
  if (!file) return file;
  if (Status written = write_all(file->get(), content, 0); !written)
    return std::unexpected(written.error());
  if (::fcntl(file->get(), F_ADD_SEALS, kSeals) != 0)
    return std::unexpected(error_from_errno(errno, "F_ADD_SEALS"));
  return file;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

Result<MappedFile> MappedFile::map(int fd, std::uint64_t size_bytes) {
  const Result<std::uint64_t> there = file_size(fd);
  if (!there) return std::unexpected(there.error());
  if (size_bytes == 0 || *there < size_bytes) return fail(Errc::corrupt, "a file to map");
  void* const memory = ::mmap(nullptr, size_bytes, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  if (memory == MAP_FAILED) return std::unexpected(error_from_errno(errno, "mmap"));
  MappedFile mapped;
  mapped.bytes_ = {static_cast<const std::byte*>(memory), static_cast<std::size_t>(size_bytes)};
  return mapped;
}

Result<MappedFile> seal_and_map(int fd, std::uint64_t size_bytes) {
  if (::fcntl(fd, F_ADD_SEALS, kSeals) != 0)
    return fail(Errc::invalid, "seal of a worker's output", errno);
  const Result<std::uint64_t> there = file_size(fd);
  if (!there) return std::unexpected(there.error());
  if (*there != size_bytes) return fail(Errc::invalid, "size of a worker's output");
  return MappedFile::map(fd, size_bytes);
}

}  // namespace mooring
