// A real store in a temporary directory, and real cores to run a test's coroutine on.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "mooring/blob/landing.h"
#include "mooring/blob/reader.h"
#include "mooring/blob/store.h"
#include "mooring/core/core.h"
#include "mooring/core/gate.h"
#include "mooring/core/workers.h"
#include "unit/support/random_content.h"
#include "unit/support/temporary_directory.h"

namespace mooring {

inline std::vector<std::byte> load(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Bytes bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

inline BlobId id_of(Bytes content, std::uint16_t ordinal = 0) {
  return {xxh3_128(content), ordinal};
}

inline BlobRecord file_record(std::uint64_t size_bytes) {
  BlobRecord record;
  record.size_bytes = size_bytes;
  record.location.tier = Tier::file;
  return record;
}

inline BlobRecord segment_record(std::uint64_t size_bytes, const BlobLocation& location) {
  return {size_bytes, location};
}

/// Runs `body` on a core of its own on the calling thread, with a started CoreBlobs, until it ends.
template <typename Body>
void run_on_core(BlobStore& store, WorkerPool& workers, unsigned index, Body body) {
  CoreOptions options;
  options.index = index;
  options.chunks_max = 12;
  options.head_buffers = 16;
  Result<std::unique_ptr<Core>> core = Core::create(options, workers);
  ASSERT_TRUE(core) << describe(core.error());
  struct Run {
    static Task<void> all(CoreBlobs& blobs, Body& inner) {
      co_await blobs.start();
      co_await inner(blobs);
      co_await blobs.stop();
      blobs.core().stop();
    }
  };
  CoreBlobs blobs(**core, store);
  Gate gate(**core);
  gate.spawn(Run::all(blobs, body));
  (*core)->run();
}

/// One store, its directory and its workers.
class BlobTest : public ::testing::Test {
 protected:
  void TearDown() override { store_.reset(); }

  void open_store(BlobOptions options = {}, const DataDirectoryOptions& directory_options = {}) {
    open_store_in(directory_.path() / "data", std::move(options), directory_options);
  }
  void open_store_in(const std::string& path, BlobOptions options = {},
                     const DataDirectoryOptions& directory_options = {}) {
    store_.reset();
    data_ = path;
    Result<std::unique_ptr<DataDirectory>> directory = DataDirectory::open(path, directory_options);
    ASSERT_TRUE(directory) << describe(directory.error());
    Result<std::unique_ptr<BlobStore>> store =
        BlobStore::open(std::move(*directory), std::move(options));
    ASSERT_TRUE(store) << describe(store.error());
    store_ = std::move(*store);
  }

  template <typename Body>
  void run(Body body) {
    run_on_core(*store_, workers_, 0, std::move(body));
  }

  /// Names of files below the data directory, relative to it, without SUPERBLOCK and LOCK.
  [[nodiscard]] std::vector<std::string> stored_names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data_)) {
      const std::string name = std::filesystem::relative(entry.path(), data_).string();
      if (entry.is_regular_file() && name != "SUPERBLOCK" && name != "LOCK") names.push_back(name);
    }
    std::ranges::sort(names);
    return names;
  }

  [[nodiscard]] std::filesystem::path blob_path(const BlobId& id) const {
    const std::string name = to_string(id);
    return std::filesystem::path(data_) / "blobs" / name.substr(0, 2) / name;
  }
  [[nodiscard]] std::filesystem::path segment_path(const BlobLocation& location) const {
    return std::filesystem::path(data_) / "segments" / to_string(segment_of(location));
  }

  /// Changes one byte on the disk.
  static void damage(const std::filesystem::path& path, std::uint64_t offset_bytes) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(offset_bytes));
    const int old = file.get();
    file.seekp(static_cast<std::streamoff>(offset_bytes));
    file.put(static_cast<char>(old ^ 0x55));
    file.close();
    ASSERT_TRUE(file) << path;
  }

  TemporaryDirectory directory_;
  std::string data_;
  WorkerPool workers_{4};
  std::unique_ptr<BlobStore> store_;
};

/// Writes `content` to a landing in chunks of the core.
inline Task<Status> land(CoreBlobs& blobs, Landing& landing, Bytes content) {
  Core& core = blobs.core();
  for (std::size_t done = 0; done < content.size();) {
    ChunkLease chunk = core.chunks().lease();
    MOORING_CHECK(static_cast<bool>(chunk), "the test uses more chunks than there are");
    const Bytes piece = content.subspan(done, std::min(kChunkBytes, content.size() - done));
    std::memcpy(chunk.memory().data(), piece.data(), piece.size());
    const Status written = co_await landing.write(std::move(chunk), piece.size());
    if (!written) co_return written;
    done += piece.size();
  }
  const Status finished = co_await landing.finish();
  co_return finished;
}

/// Lands and publishes `content`; abandons after an error.
inline Task<Status> store_file(CoreBlobs& blobs, const BlobId& id, Bytes content) {
  Landing landing(blobs, content.size());
  Status status = co_await land(blobs, landing, content);
  if (status) status = co_await landing.publish(id);
  if (!status) co_await landing.abandon();
  co_return status;
}

/// Everything the reader hands out.
inline Task<Result<std::vector<std::byte>>> read_blob(CoreBlobs& blobs, BlobId id,
                                                      BlobRecord record,
                                                      std::optional<BlobRange> range = {}) {
  Semaphore& permits = blobs.core().chunk_permits();
  const std::size_t count = BlobReader::permits_for(record);
  co_await permits.acquire(count);
  BlobReader reader(blobs, id, record, Permits(permits, count), range);
  std::vector<std::byte> content;
  Status status = co_await reader.open();
  while (status) {
    const Result<Bytes> piece = co_await reader.next();
    if (!piece) status = std::unexpected(piece.error());
    if (!piece || piece->empty()) break;
    content.insert(content.end(), piece->begin(), piece->end());
  }
  co_await reader.close();
  if (!status) co_return std::unexpected(status.error());
  co_return content;
}

}  // namespace mooring
