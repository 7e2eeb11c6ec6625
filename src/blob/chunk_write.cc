#include "chunk_write.h"

#include "mooring/core/workers.h"

namespace mooring {

namespace {

Status write_buffered(int fd, Bytes content, std::uint64_t offset_bytes) {
  Status written = write_all(fd, content, offset_bytes);
  if (written) start_writeback(fd, offset_bytes, content.size());
  return written;
}

}  // namespace

Task<Status> write_chunk_to(Core& core, Caching caching, int fd, const ChunkLease& chunk,
                            std::size_t size_bytes, std::uint64_t offset_bytes) {
  const Bytes content = chunk.memory().first(size_bytes);
  if (caching == Caching::buffered) {
    Status written = co_await core.workers().run(
        core, [fd, content, offset_bytes] { return write_buffered(fd, content, offset_bytes); });
    co_return written;
  }
  const std::optional<std::uint16_t> buffer = chunk.registered_buffer();
  std::size_t done = 0;
  while (done < size_bytes) {
    const Bytes rest = content.subspan(done);
    const std::uint64_t place = offset_bytes + done;
    const Result<std::size_t> written =
        co_await (buffer ? core.ring().write_fixed(fd, rest, place, *buffer)
                         : core.ring().write(fd, rest, place));
    if (!written) co_return std::unexpected(written.error());
    // O_DIRECT goes on at a block; a count below one block means that there is no room for one.
    const std::size_t progress =
        *written == rest.size() ? *written : *written / kBlockBytes * kBlockBytes;
    if (progress == 0) co_return fail(Errc::no_space, "a short write");
    done += progress;
  }
  co_return Status{};
}

}  // namespace mooring
