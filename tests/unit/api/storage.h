// A real store with its catalogue in a temporary directory, and a core to run a test's coroutine
// on.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mooring/base/check.h"
#include "mooring/blob/reader.h"
#include "mooring/blob/recovery.h"
#include "mooring/blob/store.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/reader.h"
#include "mooring/catalog/writer.h"
#include "mooring/core/core.h"
#include "mooring/core/gate.h"
#include "mooring/core/workers.h"
#include "unit/support/change.h"
#include "unit/support/random_content.h"
#include "unit/support/temporary_directory.h"

namespace mooring {

/// What a core has of the store.
struct CoreStorage {
  CoreBlobs& blobs;
  Reader& reader;
  Writer& writer;
};

class StorageTest : public ::testing::Test, protected LiveBlobs {
 protected:
  explicit StorageTest(Durability durability = Durability::durable) {
    auto directory = DataDirectory::open(data());
    MOORING_CHECK(directory.has_value(), "the directory of a test opens");
    const std::string catalog = (*directory)->catalog_path();
    BlobOptions options;
    options.durability = durability;
    options.segment_bytes = 4_MiB;
    auto store = BlobStore::open(std::move(*directory), options);
    auto database = Database::open(
        catalog,
        {.mode = OpenMode::create, .block_cache_bytes = 8_MiB, .write_buffer_bytes = 4_MiB});
    MOORING_CHECK(store.has_value() && database.has_value(), "the store of a test opens");
    store_ = std::move(*store);
    database_ = std::move(*database);
    writer_ = std::make_unique<Writer>(*database_, WriterOptions{.durability = durability});
  }
  ~StorageTest() override {
    writer_.reset();
    database_.reset();
    store_.reset();
  }

  [[nodiscard]] std::string data() const { return (root_.path() / "data").string(); }
  [[nodiscard]] std::filesystem::path segment_path(const BlobLocation& location) const {
    return std::filesystem::path(data()) / "segments" / to_string(segment_of(location));
  }
  [[nodiscard]] std::filesystem::path file_path(const BlobId& id) const {
    const std::string name = to_string(id);
    return std::filesystem::path(data()) / "blobs" / name.substr(0, 2) / name;
  }
  [[nodiscard]] std::size_t segments() const {
    return static_cast<std::size_t>(
        std::ranges::distance(std::filesystem::directory_iterator(data() + "/segments")));
  }

  /// Runs `body(CoreStorage&)` on a core of its own on the calling thread. Its segments are closed
  /// when it has ended.
  template <typename Body>
  void run(Body body) {
    CoreOptions options;
    options.chunks_max = 12;
    options.head_buffers = 16;
    Result<std::unique_ptr<Core>> core = Core::create(options, workers_);
    ASSERT_TRUE(core) << describe(core.error());
    CoreBlobs blobs(**core, *store_);
    Reader reader(**core, *database_);
    CoreStorage storage{blobs, reader, *writer_};
    Gate gate(**core);
    gate.spawn(run_all(storage, body));
    (*core)->run();
  }

  /// Stores `content` in the segment tier, referred to by `owner`.
  Task<std::pair<BlobId, BlobRecord>> add(CoreStorage& storage, Bytes content, std::string owner) {
    const BlobId id{xxh3_128(content), 0};
    SegmentHold hold;
    Result<BlobLocation> location = co_await storage.blobs.append(id, content, &hold);
    MOORING_CHECK(location.has_value(), "a test's append succeeds");
    const BlobRecord record{content.size(), *location};
    co_await commit(storage, [&](Transaction& transaction) -> Status {
      const Status put = put_blob(transaction, id, record);
      return put ? add_reference(transaction, id, owner) : put;
    });
    co_return std::pair(id, record);
  }

  /// Stores `content` as a file of its own, referred to by `owner`.
  Task<BlobId> add_file(CoreStorage& storage, Bytes content, std::string owner) {
    const BlobId id{xxh3_128(content), 0};
    std::ofstream(file_path(id), std::ios::binary) << as_text(content);
    co_await commit(storage, [&](Transaction& transaction) -> Status {
      const Status put = put_blob(transaction, id, {content.size(), {.tier = Tier::file}});
      return put ? add_reference(transaction, id, owner) : put;
    });
    co_return id;
  }

  /// Drops the only reference and lets the catalogue forget the blob.
  Task<void> remove(CoreStorage& storage, BlobId id, std::string owner) {
    co_await commit(storage, [&](Transaction& transaction) -> Status {
      const Status dropped = drop_reference(transaction, id, owner, 1);
      if (!dropped) return dropped;
      const auto forgotten = forget_blob(transaction, id);
      if (!forgotten) return std::unexpected(forgotten.error());
      return {};
    });
  }

  template <typename Function>
  Task<void> commit(CoreStorage& storage, Function function) {
    Change<Function> change(std::move(function));
    const Status committed = co_await storage.writer.commit(storage.blobs.core(), change);
    EXPECT_TRUE(committed) << describe(committed.error());
  }

  [[nodiscard]] BlobRecord record_of(const BlobId& id) const {
    const auto record = find_blob(*database_, id);
    MOORING_CHECK(record.has_value() && record->has_value(), "the blob of a test is known");
    return **record;
  }

  /// What recovery would have to do: nothing, in a store in which every byte is owned.
  [[nodiscard]] RecoveryReport recovery() const {
    const auto report = recover(store_->directory(), *this, {.mode = RecoveryMode::report});
    MOORING_CHECK(report.has_value(), "recovery can look at a test's store");
    return *report;
  }
  [[nodiscard]] bool is_whole(const BlobId& id) const {
    return verify_blob(store_->directory(), id, record_of(id), VerifyDepth::contents).has_value();
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

  TemporaryDirectory root_;
  WorkerPool workers_{2};
  std::unique_ptr<BlobStore> store_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Writer> writer_;

 private:
  template <typename Body>
  static Task<void> run_all(CoreStorage& storage, Body& body) {
    co_await storage.blobs.start();
    co_await body(storage);
    co_await storage.blobs.stop();
    storage.blobs.core().stop();
  }

  Result<bool> is_live_file(const BlobId& id) const override {
    const auto record = find_blob(*database_, id);
    return record && *record && (*record)->location.tier == Tier::file;
  }
  Status visit_segment_blobs(
      const std::function<void(const BlobId&, const BlobRecord&)>& visit) const override {
    const auto blobs = list_blobs(*database_, 100'000);
    MOORING_CHECK(blobs.has_value(), "the blobs of a test can be listed");
    for (const auto& [id, record] : *blobs)
      if (record.location.tier == Tier::segment) visit(id, record);
    return {};
  }
};

}  // namespace mooring
