#include "mooring/app/open_store.h"

#include <fmt/format.h>

#include "mooring/app/exit_code.h"
#include "mooring/app/live_blobs.h"
#include "mooring/base/fault.h"
#include "mooring/base/log.h"
#include "mooring/blob/recovery.h"
#include "mooring/catalog/blobs.h"

namespace mooring {

namespace {

constexpr std::size_t kPage = 1024;

const char* cure_of(const Error& error) {
  switch (error.code) {
    case Errc::conflict:
      return "another process has this data directory: stop it, or use --data";
    case Errc::corrupt:
      return "nothing was changed: look with `mooring check`, or restore a backup";
    case Errc::no_space:
      return "make room on the disk and start again";
    case Errc::not_implemented:
      return "a newer version wrote this data directory";
    case Errc::invalid:
      return "not a data directory of ours: give an empty or absent one";
    default:
      return "see `mooring doctor`";
  }
}

std::unexpected<StartError> failed(const std::string& what, const Error& error) {
  return std::unexpected(start_error(what, error));
}

Result<std::unique_ptr<DataDirectory>> open_directory_of(const Config& config) {
  DataDirectoryOptions options;
  if (config.data.direct_io == DirectIo::off) options.caching = Caching::buffered;
  return DataDirectory::open(config.data.dir, options);
}

Result<std::unique_ptr<Database>> open_catalog(const Config& config, const DataDirectory& directory,
                                               std::function<void(const Error&)> on_io_error) {
  DatabaseOptions options;
  options.mode = directory.is_new() ? OpenMode::create : OpenMode::existing;
  options.block_cache_bytes = config.rocksdb.block_cache_bytes;
  options.row_cache_bytes = config.rocksdb.row_cache_bytes;
  options.write_buffer_bytes = config.rocksdb.write_buffer_bytes;
  // Only commits that are synced leave no hole in a log that has grown ahead of them.
  options.every_write_is_synced = config.data.durability == Durability::durable;
  if (options.every_write_is_synced) options.log_ahead_bytes = config.rocksdb.log_ahead_bytes;
  options.log_bytes_max = config.rocksdb.log_bytes_max;
  options.document_tail_max = config.documents.index_tail_max;
  options.open_files_max = static_cast<int>(config.rocksdb.open_files_max);
  options.background_jobs = static_cast<int>(config.rocksdb.background_jobs);
  options.on_background_error = [stop = std::move(on_io_error)](const Error& error) {
    if (error.code != Errc::no_space) stop(error);
    log_error("catalog", "the disk is full: changes are refused until there is room");
  };
  return Database::open(directory.catalog_path(), options);
}

Status repair(const Config& config, const DataDirectory& directory, const Database& database) {
  const CatalogLiveBlobs live(database);
  RecoveryOptions options;
  options.threads = static_cast<unsigned>(config.data.recovery_threads);
  Result<RecoveryReport> report = recover(directory, live, options);
  if (!report) return std::unexpected(report.error());
  crash_point(CrashPoint::recovery_ended);
  const std::uint64_t found = report->files_removed + report->temporaries_removed +
                              report->segments_removed + report->segments_cut +
                              report->segments_damaged + report->strangers;
  if (database.last_stop() == LastStop::unclean || found > 0)
    log_info("recovery",
             "{}: removed {} files, {} temporary names and {} segments without a record, cut {} "
             "segments, freed {} bytes; {} segments are damaged, {} names are not ours",
             database.last_stop() == LastStop::unclean ? "unclean stop" : "clean stop",
             report->files_removed, report->temporaries_removed, report->segments_removed,
             report->segments_cut, report->bytes_freed, report->segments_damaged,
             report->strangers);
  return {};
}

// data.verify_at_start. A damaged blob is no reason not to start: it is told, and never served
// whole.
Status verify(const Config& config, const DataDirectory& directory, const Database& database) {
  if (config.data.verify_at_start == VerifyAtStart::none) return {};
  const VerifyDepth depth = config.data.verify_at_start == VerifyAtStart::contents
                                ? VerifyDepth::contents
                                : VerifyDepth::names;
  std::uint64_t damaged = 0;
  std::uint64_t blobs = 0;
  std::optional<BlobId> after;
  while (true) {
    const auto page = list_blobs(database, kPage, after);
    if (!page) return std::unexpected(page.error());
    for (const auto& [id, record] : *page) {
      ++blobs;
      if (Status sound = verify_blob(directory, id, record, depth); !sound) {
        ++damaged;
        log_error("recovery", "blob {} is damaged: {}", to_string(id), describe(sound.error()));
      }
    }
    if (page->size() < kPage) break;
    after = page->back().first;
  }
  log_info("recovery", "looked at {} blobs: {} are damaged", blobs, damaged);
  return {};
}

// A number that the catalogue still knows is never given to a new segment, even if its file is
// gone.
Status note_segments(BlobStore& store, const Database& database) {
  std::optional<SegmentName> after;
  while (true) {
    const auto page = list_segments(database, kPage, after);
    if (!page) return std::unexpected(page.error());
    for (const auto& [name, record] : *page) store.note_segment(SegmentId{name.core, name.number});
    if (page->size() < kPage) return {};
    after = page->back().first;
  }
}

}  // namespace

StartError start_error(const std::string& what, const Error& error) {
  return {exit_code_of(error), fmt::format("{}: {}; {}", what, describe(error), cure_of(error))};
}

std::expected<OpenedStore, StartError> open_store(const Config& config,
                                                  std::function<void(const Error&)> on_io_error) {
  Result<std::unique_ptr<DataDirectory>> directory = open_directory_of(config);
  if (!directory)
    return failed("cannot open the data directory " + config.data.dir, directory.error());
  OpenedStore opened;
  Result<std::unique_ptr<Database>> database = open_catalog(config, **directory, on_io_error);
  if (!database) return failed("cannot open the catalogue", database.error());
  opened.database = std::move(*database);
  if ((*directory)->is_new())
    if (Status completed = (*directory)->complete(); !completed)
      return failed("cannot complete the data directory", completed.error());
  if (Status repaired = repair(config, **directory, *opened.database); !repaired)
    return failed("cannot repair the store", repaired.error());
  if (Status verified = verify(config, **directory, *opened.database); !verified)
    return failed("cannot verify the store", verified.error());

  BlobOptions options;
  options.durability = config.data.durability;
  options.segment_bytes = config.data.segment_bytes;
  if (options.durability == Durability::durable)  // else no sync is saved
    options.segment_ahead_bytes = round_up(config.data.segment_ahead_bytes, kBlockBytes);
  options.segment_descriptors_max = config.data.segment_descriptors_per_core;
  options.large_writes_max = config.data.large_writes_per_core;
  options.read_piece_bytes = config.data.read_piece_bytes;
  options.direct_read_bytes_min = config.data.direct_read_bytes_min;
  options.cache_bytes = config.downloads.cache_bytes;
  options.copied_bytes_max = config.downloads.copied_bytes_max;
  options.on_sync_failure = std::move(on_io_error);
  Result<std::unique_ptr<BlobStore>> blobs = BlobStore::open(std::move(*directory), options);
  if (!blobs) return failed("cannot open the blobs", blobs.error());
  opened.blobs = std::move(*blobs);
  if (Status noted = note_segments(*opened.blobs, *opened.database); !noted)
    return failed("cannot read the catalogue", noted.error());
  crash_point(CrashPoint::store_opened);
  return opened;
}

}  // namespace mooring
