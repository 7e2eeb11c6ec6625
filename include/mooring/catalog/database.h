// Database: RocksDB, opened with the settings our promises need. The only owner of it.
//
// Owned by the application, from before the first thread to after the last. Every method may be
// called from any thread. Reads that may touch the disk block, so they belong on workers and on the
// writer; `try_get` and `try_scan` look only at memory (memtables and block cache) and belong on
// cores. Nothing here writes on its own: changes come from the writer (writer.h) through a
// Transaction.
//
// The catalogue's settings and why:
//   * every commit syncs the write-ahead log (Transaction's write), unless the operator chose
//   relaxed;
//   * recovery stops at the first damaged log record (point in time): a torn tail after a power cut
//   is
//     honest, a hole is not. Logs that are no longer written are tracked in the manifest: one that
//     is missing or shorter than what was synced refuses to open instead of losing acknowledged
//     commits. A log in which a commit stands behind damage refuses, too (I3); only damage
//     of the last commit looks like a torn tail;
//   * logs are not recycled: before RocksDB 9.2 that excludes point-in-time recovery, and is
//   silently
//     switched off. Instead a log grows ahead of what is written to it: a sync
//     of data alone saves a journal commit of the file system;
//   * checks are paranoid: files are read back after they are written, batches carry checksums from
//   the
//     mutation to the log;
//   * an I/O error in the background is never retried in silence: it is reported, and the process
//     stops. A full disk is different: batches that would touch the reserve are refused before they
//     reach RocksDB, and background work that ran out of space is resumed by RocksDB once there is
//     some;
//   * caches, write buffers and open files are bounded by DatabaseOptions (promise V4).
//
// Invariants:
//   I1 the mark of a clean stop exists only while the database is closed. It is removed, synced,
//   while
//      opening and written, synced, by `close`; so a crash at any instant reads as unclean.
//   I2 an existing store is never replaced by an empty one: with OpenMode::existing a catalogue
//   that is
//      missing or damaged fails with corrupt. Nothing is repaired automatically.
//   I3 a catalogue of which every write was synced before the next one never opens without a commit
//      that another one stands behind: it fails with corrupt and leaves the log as it is. The file
//      UNSYNCED says that some were not, from before the first such write until a start without
//      any.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/result.h"
#include "mooring/catalog/family.h"
#include "mooring/catalog/garbage.h"
#include "mooring/catalog/record_cache.h"
#include "mooring/catalog/record_stamps.h"
#include "mooring/catalog/view.h"

namespace mooring {

class Transaction;

enum class OpenMode : std::uint8_t {
  existing,  ///< the store was formatted before: a missing catalogue is damage
  create,    ///< the store is being formatted: make what is missing
};

/// What the opened catalogue tells about the last process that used it.
enum class LastStop : std::uint8_t {
  none,     ///< just created
  clean,    ///< closed in good order
  unclean,  ///< killed, crashed or cut off: verify what was recent
};

struct DatabaseOptions {
  OpenMode mode = OpenMode::existing;
  std::size_t block_cache_bytes = std::size_t{128} << 20;  ///< shared by all families
  std::size_t row_cache_bytes = std::size_t{16} << 20;     ///< single records, as they were found
  std::size_t write_buffer_bytes = std::size_t{64} << 20;  ///< all families together
  std::uint64_t log_bytes_max = std::uint64_t{256} << 20;  ///< write-ahead logs kept
  /// Whether every write will be synced before the next one (durable). If not, a power cut may
  /// leave holes in the log, and the next start takes the catalogue as it finds it.
  bool every_write_is_synced = true;
  /// By how much a log grows at a time, in zeros, so that the syncs in between have no size to
  /// write; 0: with every write. Only where every write is synced before the next one (durable).
  std::uint64_t log_ahead_bytes = 0;
  /// A batch is refused with no_space rather than leave less free than this: RocksDB cannot go on
  /// once its log has met a full disk, so it never may. Deletes below the uploads' own, larger
  /// reserve need it.
  std::uint64_t reserve_bytes = std::uint64_t{64} << 20;
  /// Changed documents of one organization that wait for the index: while there are as many,
  /// further changes are refused with overloaded. At least 32.
  std::uint64_t document_tail_max = 65'536;
  int open_files_max = 512;
  int background_jobs = 2;  ///< threads for flushes and compactions
  /// Called for each error of a background job (no_space, io_error, corrupt) and each failed change
  /// of a file (io_error), on the thread that met it. Stop on all but no_space. Must not block.
  std::function<void(const Error&)> on_background_error = {};
};

/// Memory and disk in use, for metrics. Bytes.
struct DatabaseUsage {
  std::uint64_t block_cache_bytes = 0;
  std::uint64_t write_buffer_bytes = 0;
  std::uint64_t filter_and_index_bytes = 0;  ///< outside of the block cache
  std::uint64_t table_file_bytes = 0;
};

class Database final : public View {
 public:
  /// Opens <directory> with all families, making those that are missing. Blocks. Fails with corrupt
  /// (a damaged or missing catalogue), no_space, io_error (also: another process has it open).
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(
      const std::filesystem::path& directory, DatabaseOptions options);

  /// Closes without the mark of a clean stop, unless `close` was called.
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Writes what is in memory to tables, leaves the mark of a clean stop and closes. Blocks. No
  /// other call may be under way or follow. Fails with io_error or no_space: then the stop was not
  /// clean.
  [[nodiscard]] Status close();

  [[nodiscard]] LastStop last_stop() const noexcept;

  /// Grows with every batch that changes `family`, after it became visible and before anybody is
  /// told: what was read at one generation still holds while it is the same. Any thread.
  [[nodiscard]] std::uint64_t generation(Family family) const noexcept;

  /// As `generation`, for single records. Any thread.
  [[nodiscard]] const RecordStamps& stamps() const noexcept;

  /// As the options say.
  [[nodiscard]] std::uint64_t document_tail_max() const noexcept;

  /// What was marked as garbage and not yet collected.
  [[nodiscard]] GarbageQueue& garbage() noexcept;

  /// View. Blocks on a cold read. Fails with io_error or corrupt.
  [[nodiscard]] Result<Value> get(Family family, std::string_view key) const override;
  [[nodiscard]] Result<std::vector<Entry>> scan(const ScanRange& range) const override;

  /// As `get` and `scan`, from memory only; never blocks on the disk. Empty: the answer is not in
  /// memory, ask a worker.
  [[nodiscard]] std::optional<Result<Value>> try_get(Family family, std::string_view key) const;
  [[nodiscard]] std::optional<Result<std::vector<Entry>>> try_scan(const ScanRange& range) const;

  /// Makes <directory>, which must not exist, a catalogue of this moment: with every commit that
  /// was answered before, and perhaps with later ones, each whole. Tables are shared with this one
  /// by links where the file system can. Blocks; changes go on meanwhile. Fails with exists,
  /// no_space, io_error.
  [[nodiscard]] Status checkpoint(const std::filesystem::path& directory) const;

  /// Reads every table and verifies its checksums. Blocks for long; for `check --deep` and
  /// scrubbing. Fails with corrupt or io_error.
  [[nodiscard]] Status verify_checksums() const;

  [[nodiscard]] DatabaseUsage usage() const;

 private:
  friend class Snapshot;
  friend class Transaction;
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// One moment of a Database, whatever is written afterwards. Keeps RocksDB from letting go what was
/// replaced since, so it is held for the length of a query, not of a client. Reads block, as those
/// of the database do. One thread.
class Snapshot final : public View {
 public:
  explicit Snapshot(const Database& database);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  [[nodiscard]] Result<Value> get(Family family, std::string_view key) const override;
  [[nodiscard]] Result<std::vector<Entry>> scan(const ScanRange& range) const override;

 private:
  struct Moment;
  std::unique_ptr<Moment> moment_;
};

/// What is in memory of a Database, for reading on a core: in the core's own cache, which is kept
/// filled, or in RocksDB's. A read that would have to touch the disk fails and sets `would_block`;
/// reader.h then repeats it on a worker. One thread, one use.
class MemoryView final : public View {
 public:
  MemoryView(const Database& database, RecordCache& cache) : database_(database), cache_(cache) {}
  [[nodiscard]] Result<Value> get(Family family, std::string_view key) const override;
  [[nodiscard]] Result<std::vector<Entry>> scan(const ScanRange& range) const override;
  [[nodiscard]] bool would_block() const noexcept { return would_block_; }

 private:
  const Database& database_;
  RecordCache& cache_;
  mutable bool would_block_ = false;
};

}  // namespace mooring
