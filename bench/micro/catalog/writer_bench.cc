// What a commit costs, alone and in company, and what a read from memory costs.
//
// The store lies in the directory that MOORING_BENCH_DIRECTORY names, else in the temporary one:
// for durable figures it must be on the disk in question.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <latch>
#include <list>
#include <memory>
#include <string>

#include "mooring/base/check.h"
#include "mooring/catalog/assets.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/pictures.h"
#include "mooring/catalog/writer.h"

namespace mooring {
namespace {

class BenchStore {
 public:
  BenchStore() {
    const char* wanted = std::getenv("MOORING_BENCH_DIRECTORY");
    const std::filesystem::path parent =
        wanted != nullptr ? wanted : std::filesystem::temp_directory_path().c_str();
    std::string name = (parent / "mooring-bench-XXXXXX").string();
    MOORING_CHECK(::mkdtemp(name.data()) != nullptr, "no directory for the benchmark");
    directory_ = name;
    open(OpenMode::create);
  }
  ~BenchStore() {
    database_.reset();
    std::filesystem::remove_all(directory_);
  }
  BenchStore(const BenchStore&) = delete;
  BenchStore& operator=(const BenchStore&) = delete;

  Database& database() { return *database_; }

  void reopen_cold() {
    MOORING_CHECK(database_->close().has_value(), "the store closes");
    database_.reset();
    open(OpenMode::existing);
  }

 private:
  void open(OpenMode mode) {
    auto opened = Database::open(directory_, {.mode = mode});
    MOORING_CHECK(opened.has_value(), "the store opens");
    database_ = *std::move(opened);
  }

  std::filesystem::path directory_;
  std::unique_ptr<Database> database_;
};

/// What an upload of a new picture commits: blob, reference, record, after its checks.
class PictureUpload final : public Mutation {
 public:
  explicit PictureUpload(const Uuid& asset) : asset_(asset) {}

  Status apply(Transaction& transaction) override {
    const Uuid random = new_uuid();
    const BlobId blob{xxh3_128(std::as_bytes(std::span(random.bytes))), 0};
    const BlobRecord record{100'000, {Tier::segment, 0, 1, 4096}};
    if (Status put = put_blob(transaction, blob, record); !put) return put;
    const auto replaced = replace_picture(transaction, {.id = random,
                                                        .filename = "picture.jpg",
                                                        .owner_id = "org-5678",
                                                        .mimetype = "image/jpeg",
                                                        .updated_by = "user-1",
                                                        .created_by = "user-1",
                                                        .organization_id = "org-5678",
                                                        .asset_id = asset_,
                                                        .blob = blob,
                                                        .size_bytes = record.size_bytes});
    return replaced ? Status() : std::unexpected(replaced.error());
  }

 private:
  Uuid asset_;
};

class MakeAsset final : public Mutation {
 public:
  explicit MakeAsset(const Uuid& id) : id_(id) {}
  Status apply(Transaction& transaction) override {
    const auto made = create_asset(transaction, {.id = id_, .organization_id = "org-5678"});
    return made ? Status() : std::unexpected(made.error());
  }

 private:
  Uuid id_;
};

class Request final : public CommitRequest {
 public:
  Request(Mutation& mutation, std::latch& answered)
      : CommitRequest(mutation, nullptr), answered_(answered) {}
  void deliver() noexcept override {
    MOORING_CHECK(status().has_value(), "a commit of the benchmark succeeds");
    answered_.count_down();
  }

 private:
  std::latch& answered_;
};

void commit(benchmark::State& state, Durability durability) {
  BenchStore store;
  Writer writer(store.database(), {.durability = durability});
  const auto waiting = static_cast<std::size_t>(state.range(0));
  std::list<PictureUpload> uploads;
  for (std::size_t i = 0; i < waiting; ++i) {
    const Uuid asset = new_uuid();
    MakeAsset make(asset);
    MOORING_CHECK(writer.commit_and_wait(make).has_value(), "an asset is made");
    uploads.emplace_back(asset);
  }
  const WriterMetrics before = writer.metrics();
  for (auto _ : state) {
    std::latch answered(static_cast<std::ptrdiff_t>(waiting));
    std::list<Request> requests;
    for (PictureUpload& upload : uploads)
      MOORING_CHECK(writer.submit(requests.emplace_back(upload, answered)), "the writer runs");
    answered.wait();
  }
  const WriterMetrics after = writer.metrics();
  const auto rounds = static_cast<double>(state.iterations());
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["writes/round"] = static_cast<double>(after.batches - before.batches) / rounds;
  state.counters["apply_us/commit"] = static_cast<double>(after.apply_ns - before.apply_ns) / 1000 /
                                      rounds / static_cast<double>(waiting);
  state.counters["write_us/round"] =
      static_cast<double>(after.write_ns - before.write_ns) / 1000 / rounds;
}

void commit_durable(benchmark::State& state) {
  commit(state, Durability::durable);
}
BENCHMARK(commit_durable)->Arg(1)->Arg(8)->Arg(32)->Arg(128)->UseRealTime();

void commit_relaxed(benchmark::State& state) {
  commit(state, Durability::relaxed);
}
BENCHMARK(commit_relaxed)->Arg(1)->Arg(8)->Arg(32)->Arg(128)->UseRealTime();

constexpr int kRecords = 10'000;

void fill(Database& database) {
  Transaction transaction(database);
  for (int i = 0; i < kRecords; ++i)
    transaction.put(Family::asset, "asset-" + std::to_string(i), std::string(300, 'v'));
  MOORING_CHECK(transaction.write(Durability::relaxed).has_value(), "the store is filled");
}

void read_all(benchmark::State& state, const Database& database) {
  int i = 0;
  for (auto _ : state) {
    const auto value = database.try_get(Family::asset, "asset-" + std::to_string(i));
    MOORING_CHECK(value && *value && **value, "the record is in memory");
    i = (i + 7919) % kRecords;
  }
  state.SetItemsProcessed(state.iterations());
}

void try_get_from_write_buffer(benchmark::State& state) {
  BenchStore store;
  fill(store.database());
  read_all(state, store.database());
}
BENCHMARK(try_get_from_write_buffer);

void try_get_from_block_cache(benchmark::State& state) {
  BenchStore store;
  fill(store.database());
  store.reopen_cold();
  (void)store.database().scan({.family = Family::asset, .limit = kRecords});
  for (int i = 0; i < kRecords; ++i)
    (void)store.database().get(Family::asset, "asset-" + std::to_string(i));
  read_all(state, store.database());
}
BENCHMARK(try_get_from_block_cache);

}  // namespace
}  // namespace mooring
