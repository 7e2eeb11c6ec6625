#include "mooring/api/made_content.h"

#include <algorithm>
#include <cstring>

namespace mooring {

namespace {

Task<Status> write_all_chunks(Core& core, Bytes content, Landing& landing) {
  for (std::size_t done = 0; done < content.size(); done += kChunkBytes) {
    const Bytes piece = content.subspan(done, std::min(kChunkBytes, content.size() - done));
    ChunkLease chunk = core.chunks().lease();
    std::memcpy(chunk.memory().data(), piece.data(), piece.size());
    Status written = co_await landing.write(std::move(chunk), piece.size());
    if (!written) co_return written;
  }
  Status finished = co_await landing.finish();
  co_return finished;
}

}  // namespace

Task<Status> take_made_content(CoreServices& services, Bytes content, const Hash128& hash,
                               ReceivedFile& file) {
  file.size_bytes = content.size();
  file.hash = hash;
  file.sniffed = sniff(content.first(std::min(content.size(), kSniffBytes)));
  file.content_ = content;
  if (content.size() <= kChunkBytes) co_return Status{};
  constexpr std::size_t kPermits = 1 + kLandingWritesMax;
  co_await services.core.chunk_permits().acquire(kPermits);
  file.permits_ = Permits(services.core.chunk_permits(), kPermits);
  file.landing_ = std::make_unique<Landing>(services.blobs, content.size());
  Status written = co_await write_all_chunks(services.core, content, *file.landing_);
  if (!written) co_await drop_received(file);
  co_return written;
}

}  // namespace mooring
