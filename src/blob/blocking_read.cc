#include "blocking_read.h"

#include <algorithm>
#include <array>

#include "mooring/base/check.h"
#include "mooring/uring/cached_file.h"
#include "mooring/uring/chunk_pool.h"
#include "mooring/uring/file.h"

namespace mooring {

Result<RecordPlace> place_of(const BlobRecord& record) noexcept {
  const std::uint64_t content_begin = record.location.segment_offset;
  if (content_begin < kSegmentHeaderBytes || record.size_bytes > kSegmentContentBytesMax)
    return fail(Errc::corrupt, "a record that points at no place in a segment");
  const std::uint64_t begin = content_begin - kSegmentHeaderBytes;
  const std::uint64_t end = content_begin + record.size_bytes;
  RecordPlace place;
  place.block_begin = begin / kBlockBytes * kBlockBytes;
  place.blocks_bytes = round_up(end, kBlockBytes) - place.block_begin;
  place.header_at = begin - place.block_begin;
  place.needed_bytes = end - place.block_begin;
  return place;
}

bool header_matches(const RecordPlace& place, Bytes stored, const BlobId& id,
                    const BlobRecord& record) noexcept {
  SegmentHeader wanted;
  wanted.id = id;
  wanted.segment = segment_of(record.location);
  wanted.record_offset = place.block_begin + place.header_at;
  wanted.content_bytes = static_cast<std::uint32_t>(record.size_bytes);
  return decode_header(stored) == wanted;
}

Result<LoadedRecord> load_record(const DataDirectory& directory, const BlobId& id,
                                 const BlobRecord& record) {
  const Result<RecordPlace> place = place_of(record);
  if (!place) return std::unexpected(place.error());
  Result<Fd> file = open_for_read(directory.segments_fd(), to_string(segment_of(record.location)),
                                  directory.caching());
  if (!file) return std::unexpected(file.error());
  LoadedRecord loaded{AlignedMemory(place->blocks_bytes), {}};
  const Bytes blocks = loaded.memory.bytes();
  const Result<std::size_t> read =
      read_up_to(file->get(), loaded.memory.bytes(), place->block_begin);
  if (!read) return std::unexpected(read.error());
  if (*read < place->needed_bytes ||
      !header_matches(*place, blocks.subspan(place->header_at), id, record))
    return fail(Errc::corrupt, "a segment record is not what was stored");
  loaded.content = blocks.subspan(place->header_at + kSegmentHeaderBytes, record.size_bytes);
  if (xxh3_128(loaded.content) != id.hash)
    return fail(Errc::corrupt, "a segment record's content is not what was stored");
  return loaded;
}

Result<Fd> open_blob_file(const DataDirectory& directory, const BlobId& id,
                          std::uint64_t size_bytes, Caching caching) {
  const int shard = directory.shard_fd(DataDirectory::shard_of(id.hash));
  Result<Fd> file = open_for_read(shard, to_string(id), caching);
  if (!file) return file;
  const Result<std::uint64_t> size = file_size(file->get());
  if (!size) return std::unexpected(size.error());
  if (*size != size_bytes) return fail(Errc::corrupt, "a blob's file has another size");
  return file;
}

std::optional<Fd> open_cached_blob_file(const DataDirectory& directory, const BlobId& id,
                                        std::uint64_t size_bytes) {
  const int shard = directory.shard_fd(DataDirectory::shard_of(id.hash));
  std::optional<Fd> file = open_cached(shard, to_string(id));
  if (!file) return std::nullopt;
  const Result<std::uint64_t> size = file_size(file->get());
  if (!size || *size != size_bytes) return std::nullopt;
  return file;
}

MutableBytes worker_buffer(unsigned index) {
  thread_local std::array<AlignedMemory, 2> buffers;
  MOORING_CHECK(index < buffers.size(), "a worker has two buffers");
  if (!buffers[index]) buffers[index] = AlignedMemory(kChunkBytes);
  return buffers[index].bytes();
}

Result<Hash128> hash_file(int fd, std::uint64_t size_bytes) {
  const MutableBytes buffer = worker_buffer(0);
  StreamHash hash;
  for (std::uint64_t done = 0; done < size_bytes; done += buffer.size()) {
    const Result<std::size_t> read = read_up_to(fd, buffer, done);
    if (!read) return std::unexpected(read.error());
    const std::size_t wanted = std::min<std::uint64_t>(buffer.size(), size_bytes - done);
    if (*read < wanted) return fail(Errc::corrupt, "a blob's file is too short");
    hash.update(buffer.first(wanted));
  }
  return hash.finish();
}

}  // namespace mooring
