// The only translation unit that includes RocksDB: the database and the batch behind one door.
#include "mooring/catalog/database.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <atomic>
#include <system_error>
#include <utility>

#include "mooring/base/check.h"
#include "mooring/base/fault.h"
#include "mooring/base/log.h"
#include "mooring/catalog/transaction.h"

#if __has_include(<rocksdb/advanced_cache.h>)
#include <rocksdb/advanced_cache.h>  // since RocksDB 8 (Debian 13), what a cache can be asked
#endif
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <rocksdb/utilities/write_batch_with_index.h>

namespace mooring {
namespace {

constexpr std::string_view kCleanStopKey = "clean-stop";

/// RocksDB compares with memcmp: even an empty slice points somewhere.
rocksdb::Slice slice(std::string_view text) {
  return text.empty() ? rocksdb::Slice() : rocksdb::Slice(text.data(), text.size());
}

/// The word of ours for a failed status. RocksDB's own text goes to the log, here and only here.
Error error_from(const rocksdb::Status& status, const char* where) {
  log_error("catalog", "{}: {}", where, status.ToString());
  if (status.IsNoSpace()) return {Errc::no_space, ENOSPC, where};
  if (status.IsCorruption()) return {Errc::corrupt, 0, where};
  if (status.IsIOError()) return {Errc::io_error, EIO, where};
  return {Errc::internal, 0, where};
}

/// While opening, files that are missing or contradict each other are damage too.
Error error_of_open(const rocksdb::Status& status) {
  Error error = error_from(status, "open of the catalogue");
  if (status.IsInvalidArgument() || status.IsNotFound() || status.IsPathNotFound())
    error.code = Errc::corrupt;
  return error;
}

/// Hears of every error of RocksDB. Those of its own threads are reported; a failed write is the
/// writer's to report, but here one learns that it was the log that failed.
class ErrorListener final : public rocksdb::EventListener {
 public:
  explicit ErrorListener(std::function<void(const Error&)> report) : report_(std::move(report)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override {
    if (reason == rocksdb::BackgroundErrorReason::kWriteCallback) {
      log_failed_.store(true, std::memory_order_release);
      return;
    }
    const Error error = error_from(*status, "background work of the catalogue");
    if (report_) report_(error);
  }

  [[nodiscard]] bool log_failed() const { return log_failed_.load(std::memory_order_acquire); }

 private:
  std::function<void(const Error&)> report_;
  std::atomic<bool> log_failed_{false};
};

/// Whether there is any write-ahead log. A store that was ever opened has one, clean stop or not.
bool has_log(const std::filesystem::path& directory) {
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(directory, unreadable))
    if (entry.path().extension() == ".log") return true;
  return false;
}

rocksdb::CompressionType compression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  return std::ranges::find(supported, rocksdb::kLZ4Compression) != supported.end()
             ? rocksdb::kLZ4Compression
             : rocksdb::kNoCompression;
}

rocksdb::DBOptions database_options(const DatabaseOptions& options) {
  rocksdb::DBOptions db;
  db.create_if_missing = options.mode == OpenMode::create;
  db.create_missing_column_families = true;
  db.paranoid_checks = true;
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.track_and_verify_wals_in_manifest = true;
  db.verify_sst_unique_id_in_manifest = true;
  db.max_bgerror_resume_count = 0;
  db.max_open_files = options.open_files_max;
  db.max_background_jobs = options.background_jobs;
  db.db_write_buffer_size = options.write_buffer_bytes;
  db.max_total_wal_size = options.log_bytes_max;
  db.bytes_per_sync = 1 << 20;  // tables reach the disk while they are written, not in one burst
  // There is one writer: what lets several insert at once only costs it time.
  db.allow_concurrent_memtable_write = false;
  db.enable_write_thread_adaptive_yield = false;
  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  db.max_log_file_size = 4 << 20;
  db.keep_log_file_num = 4;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  return db;
}

rocksdb::ColumnFamilyOptions family_options(const DatabaseOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache,
                                            std::size_t prefix_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 8 << 10;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  // Index and filters count against the cache, so that memory is what the configuration says (V4).
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;

  rocksdb::ColumnFamilyOptions family;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  family.write_buffer_size = std::max<std::size_t>(options.write_buffer_bytes / 2, 1 << 20);
  family.compression = compression();
  family.level_compaction_dynamic_level_bytes = true;
  family.paranoid_file_checks = true;
  family.memtable_whole_key_filtering = true;
  family.memtable_prefix_bloom_size_ratio = 0.02;
  if (prefix_bytes > 0)
    family.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(prefix_bytes));
  // Runs of deleted keys (garbage marks, mass deletes) make scans crawl until they are compacted.
  family.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(128, 64, 0.5));
  return family;
}

enum class Reach : std::uint8_t { disk, memory };

rocksdb::ReadOptions read_options(Reach reach) {
  rocksdb::ReadOptions read;
  if (reach == Reach::memory) read.read_tier = rocksdb::kBlockCacheTier;
  return read;
}

/// The least key above every key with `prefix`; empty if there is none.
std::string upper_bound_of(std::string_view prefix) {
  std::string bound(prefix);
  while (!bound.empty() && static_cast<std::uint8_t>(bound.back()) == 0xff) bound.pop_back();
  if (!bound.empty()) bound.back() = static_cast<char>(static_cast<std::uint8_t>(bound.back()) + 1);
  return bound;
}

/// A ScanRange in RocksDB's terms. Immovable: the options point into it.
class ScanPlan {
 public:
  ScanPlan(const ScanRange& range, Reach reach)
      : range_(range), bound_(upper_bound_of(range.prefix)), bound_slice_(bound_) {
    options = read_options(reach);
    const std::size_t prefix_bytes = kFamilyTable[index_of(range.family)].prefix_bytes;
    const bool forward = range.direction == Direction::forward;
    if (forward && prefix_bytes > 0 && range.prefix.size() >= prefix_bytes)
      options.prefix_same_as_start = true;
    else
      options.total_order_seek = true;
    if (forward && !bound_.empty()) options.iterate_upper_bound = &bound_slice_;
  }
  ScanPlan(const ScanPlan&) = delete;
  ScanPlan& operator=(const ScanPlan&) = delete;

  std::vector<Entry> run(rocksdb::Iterator& iterator) const {
    std::vector<Entry> entries;
    for (seek(iterator); iterator.Valid() && entries.size() < range_.limit; step(iterator)) {
      if (is_excluded_start(iterator.key().ToStringView())) continue;
      if (!iterator.key().starts_with(slice(range_.prefix))) break;
      entries.push_back({iterator.key().ToString(), iterator.value().ToString()});
    }
    return entries;
  }

  rocksdb::ReadOptions options;

 private:
  void seek(rocksdb::Iterator& iterator) const {
    const bool forward = range_.direction == Direction::forward;
    const std::string_view from = !range_.start.empty() ? range_.start
                                  : forward             ? range_.prefix
                                                        : std::string_view(bound_);
    if (from.empty())
      forward ? iterator.SeekToFirst() : iterator.SeekToLast();
    else
      forward ? iterator.Seek(slice(from)) : iterator.SeekForPrev(slice(from));
  }

  void step(rocksdb::Iterator& iterator) const {
    range_.direction == Direction::forward ? iterator.Next() : iterator.Prev();
  }

  bool is_excluded_start(std::string_view key) const {
    if (!range_.start.empty()) return range_.start_key == StartKey::excluded && key == range_.start;
    return range_.direction == Direction::backward && !bound_.empty() && key == bound_;
  }

  const ScanRange& range_;
  std::string bound_;
  rocksdb::Slice bound_slice_;
};

}  // namespace

struct Database::Impl {
  std::shared_ptr<rocksdb::Cache> cache;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;  // RocksDB's default family, then ours
  std::shared_ptr<ErrorListener> listener;
  std::string directory;
  std::uint64_t reserve_bytes = 0;
  LastStop last_stop = LastStop::none;

  ~Impl() { release(); }

  rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles[index_of(family) + 1]; }

  void release() {
    for (auto* handle : handles) (void)db->DestroyColumnFamilyHandle(handle);
    handles.clear();
    db.reset();
  }

  rocksdb::Status get(Reach reach, Family family, std::string_view key, Value& value) const {
    rocksdb::PinnableSlice found;
    const rocksdb::Status status = db->Get(read_options(reach), handle(family), slice(key), &found);
    if (status.ok()) value = found.ToString();
    return status.IsNotFound() ? rocksdb::Status::OK() : status;
  }

  rocksdb::Status scan(Reach reach, const ScanRange& range, std::vector<Entry>& entries) const {
    const ScanPlan plan(range, reach);
    const std::unique_ptr<rocksdb::Iterator> iterator(
        db->NewIterator(plan.options, handle(range.family)));
    entries = plan.run(*iterator);
    return iterator->status();
  }

  /// Whether `bytes` can be written without touching the reserve. What cannot be asked is not
  /// refused.
  bool has_space_for(std::size_t bytes) const {
    struct statvfs space{};
    if (::statvfs(directory.c_str(), &space) != 0) return true;
    return space.f_bavail * space.f_frsize >= reserve_bytes + bytes;
  }

  rocksdb::Status take_clean_mark() {
    Value mark;
    rocksdb::Status status = get(Reach::disk, Family::meta, kCleanStopKey, mark);
    if (!status.ok()) return status;
    last_stop = mark ? LastStop::clean : LastStop::unclean;
    rocksdb::WriteOptions synced;
    synced.sync = !sync_is_skipped(SyncName::clean_mark);
    return mark ? db->Delete(synced, handle(Family::meta), slice(kCleanStopKey)) : status;
  }

  rocksdb::Status close() {
    rocksdb::Status status = db->Flush(rocksdb::FlushOptions(), handles);
    if (!status.ok()) return status;
    crash_point(CrashPoint::catalog_flushed);
    rocksdb::WriteOptions synced;
    synced.sync = true;
    status = db->Put(synced, handle(Family::meta), slice(kCleanStopKey), "1");
    if (!status.ok()) return status;
    crash_point(CrashPoint::clean_mark_put);
    for (auto* handle : handles) (void)db->DestroyColumnFamilyHandle(handle);
    handles.clear();
    status = db->Close();
    db.reset();
    return status;
  }
};

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& directory,
                                                 DatabaseOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, family_options(options, impl->cache, 0));
  for (const FamilyRow& row : kFamilyTable)
    families.emplace_back(std::string(row.name),
                          family_options(options, impl->cache, row.prefix_bytes));
  std::error_code unreadable;
  const bool is_new = !std::filesystem::exists(directory / "CURRENT", unreadable);
  if (!is_new && options.mode == OpenMode::existing && !has_log(directory))
    return fail(Errc::corrupt, "open of a catalogue without its log");

  impl->directory = directory.string();
  impl->reserve_bytes = options.reserve_bytes;
  impl->listener = std::make_shared<ErrorListener>(options.on_background_error);
  rocksdb::DBOptions database = database_options(options);
  database.listeners.push_back(impl->listener);
  rocksdb::DB* db = nullptr;
  rocksdb::Status status =
      rocksdb::DB::Open(database, impl->directory, families, &impl->handles, &db);
  if (!status.ok()) return std::unexpected(error_of_open(status));
  impl->db.reset(db);
  crash_point(CrashPoint::catalog_opened);
  status = impl->take_clean_mark();
  if (!status.ok()) return std::unexpected(error_of_open(status));
  crash_point(CrashPoint::clean_mark_taken);
  if (is_new) impl->last_stop = LastStop::none;
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

Status Database::close() {
  MOORING_CHECK(impl_->db != nullptr, "a database is closed once");
  const rocksdb::Status status = impl_->close();
  if (!status.ok()) return std::unexpected(error_from(status, "close of the catalogue"));
  return {};
}

LastStop Database::last_stop() const noexcept {
  return impl_->last_stop;
}

Result<Value> Database::get(Family family, std::string_view key) const {
  Value value;
  const rocksdb::Status status = impl_->get(Reach::disk, family, key, value);
  if (!status.ok()) return std::unexpected(error_from(status, "read of a record"));
  return value;
}

Result<std::vector<Entry>> Database::scan(const ScanRange& range) const {
  std::vector<Entry> entries;
  const rocksdb::Status status = impl_->scan(Reach::disk, range, entries);
  if (!status.ok()) return std::unexpected(error_from(status, "scan of records"));
  return entries;
}

std::optional<Result<Value>> Database::try_get(Family family, std::string_view key) const {
  Value value;
  const rocksdb::Status status = impl_->get(Reach::memory, family, key, value);
  if (status.IsIncomplete()) return std::nullopt;
  // Of a table that is not open yet RocksDB says "found", without a value.
  if (status.ok() && value && value->empty()) return std::nullopt;
  if (!status.ok()) return std::unexpected(error_from(status, "read of a record"));
  return value;
}

std::optional<Result<std::vector<Entry>>> Database::try_scan(const ScanRange& range) const {
  std::vector<Entry> entries;
  const rocksdb::Status status = impl_->scan(Reach::memory, range, entries);
  if (status.IsIncomplete()) return std::nullopt;
  if (!status.ok()) return std::unexpected(error_from(status, "scan of records"));
  return entries;
}

Status Database::verify_checksums() const {
  const rocksdb::Status status = impl_->db->VerifyChecksum();
  if (!status.ok()) return std::unexpected(error_from(status, "verification of the catalogue"));
  return {};
}

DatabaseUsage Database::usage() const {
  const auto sum_of = [this](const std::string& property) {
    std::uint64_t sum = 0;
    (void)impl_->db->GetAggregatedIntProperty(property, &sum);
    return sum;
  };
  return {.block_cache_bytes = impl_->cache->GetUsage(),
          .write_buffer_bytes = sum_of(rocksdb::DB::Properties::kSizeAllMemTables),
          .filter_and_index_bytes = sum_of(rocksdb::DB::Properties::kEstimateTableReadersMem),
          .table_file_bytes = sum_of(rocksdb::DB::Properties::kTotalSstFilesSize)};
}

struct Transaction::Impl {
  explicit Impl(Database::Impl& database_impl) : database(database_impl) {}

  Database::Impl& database;
  // overwrite_key: the index holds one entry per key, which iteration needs. 8 bytes of protection
  // per key: a bit flipped between here and the log is found.
  rocksdb::WriteBatchWithIndex batch{rocksdb::BytewiseComparator(), 0, true, 0, 8};
  std::size_t changes_at_begin = 0;

  rocksdb::Status write(const rocksdb::WriteOptions& options) {
    const IoFault fault = io_fault(IoKind::catalog_write);
    if (fault.effect == IoFault::Effect::error)
      return fault.os_error == ENOSPC ? rocksdb::Status::NoSpace() : rocksdb::Status::IOError();
    return database.db->Write(options, batch.GetWriteBatch());
  }
};

Transaction::Transaction(Database& database) : impl_(std::make_unique<Impl>(*database.impl_)) {}
Transaction::~Transaction() = default;

Result<Value> Transaction::get(Family family, std::string_view key) const {
  rocksdb::PinnableSlice found;
  const rocksdb::Status status =
      impl_->batch.GetFromBatchAndDB(impl_->database.db.get(), read_options(Reach::disk),
                                     impl_->database.handle(family), slice(key), &found);
  if (status.IsNotFound()) return Value();
  if (!status.ok()) return std::unexpected(error_from(status, "read of a record in a batch"));
  return found.ToString();
}

Result<std::vector<Entry>> Transaction::scan(const ScanRange& range) const {
  const ScanPlan plan(range, Reach::disk);
  auto* handle = impl_->database.handle(range.family);
  rocksdb::Iterator* base = impl_->database.db->NewIterator(plan.options, handle);
  const std::unique_ptr<rocksdb::Iterator> iterator(
      impl_->batch.NewIteratorWithBase(handle, base, &plan.options));
  auto entries = plan.run(*iterator);
  if (!iterator->status().ok())
    return std::unexpected(error_from(iterator->status(), "scan of records in a batch"));
  return entries;
}

void Transaction::put(Family family, std::string_view key, std::string_view value) {
  const rocksdb::Status status =
      impl_->batch.Put(impl_->database.handle(family), slice(key), slice(value));
  MOORING_CHECK(status.ok(), "a batch without a limit takes every change");
}

void Transaction::erase(Family family, std::string_view key) {
  const rocksdb::Status status = impl_->batch.Delete(impl_->database.handle(family), slice(key));
  MOORING_CHECK(status.ok(), "a batch without a limit takes every change");
}

void Transaction::begin_mutation() {
  impl_->batch.SetSavePoint();
  impl_->changes_at_begin = changes();
}

void Transaction::keep() {
  MOORING_CHECK(impl_->batch.PopSavePoint().ok(), "keep follows begin_mutation");
}

void Transaction::roll_back() {
  // Rolling back rebuilds the whole index. Most refused mutations have only read.
  if (changes() == impl_->changes_at_begin) return keep();
  MOORING_CHECK(impl_->batch.RollbackToSavePoint().ok(), "roll_back follows begin_mutation");
}

std::size_t Transaction::changes() const noexcept {
  return impl_->batch.GetWriteBatch()->Count();
}
std::size_t Transaction::size_bytes() const noexcept {
  return impl_->batch.GetDataSize();
}

Status Transaction::write(Durability durability) {
  if (!impl_->database.has_space_for(size_bytes())) {
    impl_->batch.Clear();
    return fail(Errc::no_space, "commit of a batch", ENOSPC);
  }
  rocksdb::WriteOptions write;
  write.sync = durability == Durability::durable && !sync_is_skipped(SyncName::catalog_log);
  const rocksdb::Status status = impl_->write(write);
  impl_->batch.Clear();
  if (status.ok()) return {};
  Error error = error_from(status, "commit of a batch");
  // A full disk that stopped RocksDB's own work is waited out: such a write was refused before it
  // reached the log. A log that could not be written is beyond repair while the process lives.
  if (error.code != Errc::no_space || impl_->database.listener->log_failed())
    error.code = Errc::sync_failed;
  return std::unexpected(error);
}

}  // namespace mooring
