#include "mooring/catalog/database.h"

#include <fcntl.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <atomic>
#include <system_error>
#include <utility>

#include "key_buckets.h"
#include "log_damage.h"
#include "log_file.h"
#include "mooring/base/check.h"
#include "mooring/base/fault.h"
#include "mooring/base/log.h"
#include "mooring/uring/file.h"
#include "rocks.h"
#include "rocks_log.h"
#include "scan_plan.h"
#include "torn_manifest.h"

#if __has_include(<rocksdb/advanced_cache.h>)
#include <rocksdb/advanced_cache.h>  // since RocksDB 8 (Debian 13), what a cache can be asked
#endif
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/utilities/table_properties_collectors.h>

namespace mooring {
namespace {

constexpr std::string_view kCleanStopKey = "clean-stop";
// A small upload's record takes some 130 bytes: with buckets of 32 bytes eight of them share one.
constexpr std::size_t kBucketsOfWriteBuffer = 32;

/// While opening, files that are missing or contradict each other are damage too.
Error error_of_open(const rocksdb::Status& status) {
  Error error = error_from(status, "open of the catalogue");
  if (status.IsInvalidArgument() || status.IsNotFound() || status.IsPathNotFound())
    error.code = Errc::corrupt;
  return error;
}

/// Whether there is any write-ahead log. A store that was ever opened has one, clean stop or not.
bool has_log(const std::filesystem::path& directory) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored))
    if (entry.path().extension() == ".log") return true;
  return false;
}

constexpr const char* kUnsyncedName = "UNSYNCED";

bool has_unsynced_mark(const std::filesystem::path& directory) {
  std::error_code ignored;
  return std::filesystem::exists(directory / kUnsyncedName, ignored);
}

/// For the next start (I3). One that stays behind in vain costs nothing but a look.
Status set_unsynced_mark(const std::filesystem::path& path, bool some_are_not_synced) {
  if (some_are_not_synced == has_unsynced_mark(path)) return {};
  const Result<Fd> directory = open_directory(AT_FDCWD, path.string() + "/.");  // or a link to it
  if (!directory) return std::unexpected(directory.error());
  if (!some_are_not_synced) return remove_name(directory->get(), kUnsyncedName);
  const Result<Fd> mark = create_file(directory->get(), kUnsyncedName, Caching::buffered);
  if (!mark) return std::unexpected(mark.error());
  return sync_directory(directory->get());
}

/// Before RocksDB has seen it: what it leaves out of a log is gone with the log.
Status refuse_damaged_log(const std::filesystem::path& directory) {
  if (has_unsynced_mark(directory)) return {};
  const auto damaged = find_damaged_log(directory);
  if (!damaged) return {};
  log_error("catalog", "{}: damaged at byte {}, with commits behind it",
            damaged->path.filename().string(), damaged->offset_bytes);
  return fail(Errc::corrupt, "a log of the catalogue");
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
  // A record that is asked for often is found without searching a table's index, filter and block.
  if (options.row_cache_bytes > 0) db.row_cache = rocksdb::NewLRUCache(options.row_cache_bytes);
  db.max_open_files = options.open_files_max;
  db.max_background_jobs = options.background_jobs;
  db.db_write_buffer_size = options.write_buffer_bytes;
  db.max_total_wal_size = options.log_bytes_max;
  db.bytes_per_sync = 1 << 20;  // tables reach the disk while they are written, not in one burst
  // There is one writer: what lets several insert at once only costs it time.
  db.allow_concurrent_memtable_write = false;
  db.enable_write_thread_adaptive_yield = false;
  db.info_log = rocks_log();
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  return db;
}

/// Whether the keys of a family begin with a digest or with an identifier that was drawn.
constexpr bool begins_randomly(Family family) {
  switch (family) {
    case Family::blob:
    case Family::ref:
    case Family::asset:
    case Family::picture:
    case Family::partner_asset:
    case Family::rendition:
    case Family::document:
    case Family::document_content:
      return true;
    default:
      return false;
  }
}

rocksdb::ColumnFamilyOptions family_options(const DatabaseOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
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
  // Each of some thirty families takes whole blocks: large ones would fill a small write buffer
  // with nothing, and every few changes would be a flush.
  family.arena_block_size =
      std::clamp<std::size_t>(options.write_buffer_bytes / 256, 4 << 10, 1 << 20);
  family.compression = compression();
  family.level_compaction_dynamic_level_bytes = true;
  family.paranoid_file_checks = true;
  family.memtable_whole_key_filtering = true;
  family.memtable_prefix_bloom_size_ratio = 0.02;
  // Runs of deleted keys (garbage marks, mass deletes) make scans crawl until they are compacted.
  family.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(128, 64, 0.5));
  return family;
}

rocksdb::ColumnFamilyDescriptor describe_family(const FamilyRow& row,
                                                rocksdb::ColumnFamilyOptions family) {
  if (row.prefix_bytes > 0)
    family.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(row.prefix_bytes));
  if (begins_randomly(row.family))
    family.memtable_factory = key_buckets(family.write_buffer_size / kBucketsOfWriteBuffer);
  return {std::string(row.name), std::move(family)};
}

}  // namespace

Error error_from(const rocksdb::Status& status, const char* where) {
  log_error("catalog", "{}: {}", where, status.ToString());
  if (status.IsNoSpace()) return {Errc::no_space, ENOSPC, where};
  if (status.IsCorruption()) return {Errc::corrupt, 0, where};
  if (status.IsIOError()) return {Errc::io_error, EIO, where};
  return {Errc::internal, 0, where};
}

const rocksdb::ReadOptions& read_options(Reach reach) {
  static const rocksdb::ReadOptions kDisk;
  static const rocksdb::ReadOptions kMemory = [] {
    rocksdb::ReadOptions read;
    read.read_tier = rocksdb::kBlockCacheTier;
    return read;
  }();
  return reach == Reach::memory ? kMemory : kDisk;
}

rocksdb::Status Database::Impl::get(const rocksdb::ReadOptions& read, Family family,
                                    std::string_view key, Value& value) const {
  rocksdb::PinnableSlice found;
  const rocksdb::Status status = db->Get(read, handle(family), slice(key), &found);
  if (status.ok()) value = found.ToString();
  return status.IsNotFound() ? rocksdb::Status::OK() : status;
}

rocksdb::Status Database::Impl::scan(const rocksdb::ReadOptions& read, const ScanRange& range,
                                     std::vector<Entry>& entries) const {
  const ScanPlan plan(range, read);
  const std::unique_ptr<rocksdb::Iterator> iterator(
      db->NewIterator(plan.options, handle(range.family)));
  entries = plan.run(*iterator, {});
  return iterator->status();
}

bool Database::Impl::has_space_for(std::size_t bytes) const {
  struct statvfs space{};
  if (::statvfs(directory.c_str(), &space) != 0) return true;
  return space.f_bavail * space.f_frsize >= reserve_bytes + bytes;
}

rocksdb::Status Database::Impl::take_clean_mark() {
  Value mark;
  rocksdb::Status status = get(read_options(Reach::disk), Family::meta, kCleanStopKey, mark);
  if (!status.ok()) return status;
  last_stop = mark ? LastStop::clean : LastStop::unclean;
  rocksdb::WriteOptions synced;
  synced.sync = !sync_is_skipped(SyncName::clean_mark);
  return mark ? db->Delete(synced, handle(Family::meta), slice(kCleanStopKey)) : status;
}

rocksdb::Status Database::Impl::close() {
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

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& directory,
                                                 DatabaseOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  const rocksdb::ColumnFamilyOptions common = family_options(options, impl->cache);
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, common);
  for (const FamilyRow& row : kFamilyTable) families.push_back(describe_family(row, common));
  std::error_code ignored;
  const bool is_new = !std::filesystem::exists(directory / "CURRENT", ignored);
  if (!is_new && options.mode == OpenMode::existing && !has_log(directory))
    return fail(Errc::corrupt, "open of a catalogue without its log");
  if (Status whole = refuse_damaged_log(directory); !whole) return std::unexpected(whole.error());

  // RocksDB would make it itself, and first say that it is an error that it is not there.
  if (options.mode == OpenMode::create) std::filesystem::create_directory(directory, ignored);

  impl->directory = directory.string();
  impl->reserve_bytes = options.reserve_bytes;
  impl->document_tail_max = options.document_tail_max;
  impl->listener = std::make_shared<ErrorListener>(options.on_background_error);
  rocksdb::DBOptions database = database_options(options);
  impl->environment =
      catalog_environment(options.log_ahead_bytes,
                          [report = options.on_background_error](const rocksdb::IOStatus& failed) {
                            if (report) report(error_from(failed, "a file of the catalogue"));
                          });
  database.env = impl->environment.get();
  database.listeners.push_back(impl->listener);
  rocksdb::DB* db = nullptr;
  const auto open_once = [&] {
    return rocksdb::DB::Open(database, impl->directory, families, &impl->handles, &db);
  };
  rocksdb::Status status = open_once();
  const auto torn = status.IsCorruption() ? find_torn_manifest(directory) : std::nullopt;
  if (torn && cut_off(*torn)) {
    log_warning("catalog", "{}: its last entry was not written to its end; {} bytes are cut off",
                torn->path.filename().string(), torn->torn.size());
    status = open_once();
    if (!status.ok()) (void)put_back(*torn);
  }
  if (!status.ok()) return std::unexpected(error_of_open(status));
  impl->db.reset(db);
  crash_point(CrashPoint::catalog_opened);
  status = impl->take_clean_mark();
  if (!status.ok()) return std::unexpected(error_of_open(status));
  crash_point(CrashPoint::clean_mark_taken);
  const Status marked = set_unsynced_mark(directory, !options.every_write_is_synced);
  if (!marked) return std::unexpected(marked.error());
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

std::uint64_t Database::generation(Family family) const noexcept {
  return impl_->generations[index_of(family)].load(std::memory_order_acquire);
}

const RecordStamps& Database::stamps() const noexcept {
  return impl_->stamps;
}

std::uint64_t Database::document_tail_max() const noexcept {
  return impl_->document_tail_max;
}

GarbageQueue& Database::garbage() noexcept {
  return impl_->garbage;
}

Result<Value> Database::get(Family family, std::string_view key) const {
  Value value;
  const rocksdb::Status status = impl_->get(read_options(Reach::disk), family, key, value);
  if (!status.ok()) return std::unexpected(error_from(status, "read of a record"));
  return value;
}

Result<std::vector<Entry>> Database::scan(const ScanRange& range) const {
  std::vector<Entry> entries;
  const rocksdb::Status status = impl_->scan(read_options(Reach::disk), range, entries);
  if (!status.ok()) return std::unexpected(error_from(status, "scan of records"));
  return entries;
}

std::optional<Result<Value>> Database::try_get(Family family, std::string_view key) const {
  Value value;
  const rocksdb::Status status = impl_->get(read_options(Reach::memory), family, key, value);
  if (status.IsIncomplete()) return std::nullopt;
  // Of a table that is not open yet RocksDB says "found", without a value.
  if (status.ok() && value && value->empty()) return std::nullopt;
  if (!status.ok()) return std::unexpected(error_from(status, "read of a record"));
  return value;
}

std::optional<Result<std::vector<Entry>>> Database::try_scan(const ScanRange& range) const {
  std::vector<Entry> entries;
  const rocksdb::Status status = impl_->scan(read_options(Reach::memory), range, entries);
  if (status.IsIncomplete()) return std::nullopt;
  if (!status.ok()) return std::unexpected(error_from(status, "scan of records"));
  return entries;
}

Status Database::checkpoint(const std::filesystem::path& directory) const {
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(impl_->db.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(directory.string());
  if (!status.ok()) return std::unexpected(error_from(status, "checkpoint of the catalogue"));
  return {};
}

Status Database::verify_checksums() const {
  // It opens tables without what the manifest knows of them, and would warn of that.
  const std::shared_ptr<rocksdb::Logger> log = impl_->db->GetDBOptions().info_log;
  const rocksdb::InfoLogLevel before = log->GetInfoLogLevel();
  log->SetInfoLogLevel(rocksdb::InfoLogLevel::ERROR_LEVEL);
  const rocksdb::Status status = impl_->db->VerifyChecksum();
  log->SetInfoLogLevel(before);
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

}  // namespace mooring
