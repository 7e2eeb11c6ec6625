#include "mooring/blob/verified_content.h"

#include "blocking_read.h"
#include "mooring/blob/store.h"
#include "mooring/core/workers.h"

namespace mooring {

namespace {

Result<VerifiedContent> read_whole(const DataDirectory& directory, const BlobId& id,
                                   const BlobRecord& record) {
  VerifiedContent verified;
  verified.size_bytes = record.size_bytes;
  if (record.location.tier == Tier::segment) {
    Result<LoadedRecord> loaded = load_record(directory, id, record);
    if (!loaded) return std::unexpected(loaded.error());
    verified.memory = std::move(loaded->memory);
    verified.content = loaded->content;
    return verified;
  }
  Result<Fd> file = open_blob_file(directory, id, record.size_bytes, Caching::buffered);
  if (!file) return std::unexpected(file.error());
  const Result<Hash128> hash = hash_file(file->get(), record.size_bytes);
  if (!hash) return std::unexpected(hash.error());
  if (*hash != id.hash) return fail(Errc::corrupt, "a blob's file is not what was stored");
  verified.file = std::move(*file);
  return verified;
}

}  // namespace

Task<Result<VerifiedContent>> load_verified(CoreBlobs& blobs, BlobId id, BlobRecord record) {
  BlobStore& store = blobs.store();
  const HashGuard guard = co_await store.guards().lock(blobs.core(), id.hash, GuardMode::shared);
  Result<VerifiedContent> loaded = co_await blobs.core().workers().run(
      blobs.core(), [&store, &id, &record] { return read_whole(store.directory(), id, record); });
  if (!loaded && loaded.error().code == Errc::corrupt) blobs.note_damage(id, loaded.error().where);
  co_return loaded;
}

}  // namespace mooring
