// Backup and restore: a second data directory that holds what the first one held at one moment.
//
// A backup is a data directory like any other: `mooring check --data BACKUP` proves it, and a
// server could be started on it. It is made beside a running server (app/backup_job.h) or without
// one.
//
// Order of a backup:
//   1  the target is made, and says INCOMPLETE
//   2  removals are held back (blob/removals.h): what the catalogue names now stays where it is
//   3  a checkpoint of the catalogue: the moment that the backup holds. What was acknowledged
//      before is in it, with all of its bytes, for bytes are on stable storage before their record
//   4  every file that the checkpoint names: files of blobs and closed segments are linked where
//      that is possible, open segments copied as far as the checkpoint names their records
//   5  everything is synced, then the SUPERBLOCK is written, and INCOMPLETE goes last
// Whatever ends it before leaves a directory that says INCOMPLETE: nothing of ours opens it.
//
// I1  Files that a backup shares with the store never change: blobs and closed segments are written
//     once, and recovery does not cut a segment that has another name (blob/recovery.h).
// I2  A link is not a second copy of the bytes. Against a failing disk the target has to lie on
//     another one; then everything is copied.
// I3  Nothing is ever overwritten: a target or a data directory that holds anything is refused.
//
// All of it blocks; not on a core's thread. The signing secret is part of a backup: keep it as the
// store is kept (0700).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "mooring/app/copy_files.h"
#include "mooring/base/result.h"
#include "mooring/blob/data_directory.h"
#include "mooring/blob/removals.h"
#include "mooring/blob/segment_format.h"
#include "mooring/catalog/database.h"

namespace mooring {

struct BackupSource {
  const DataDirectory& directory;
  const Database& database;
  Removals& removals;
  /// Whether the end of this segment may still change: it is copied, not linked.
  std::function<bool(SegmentId)> is_open;
};

struct BackupReport {
  std::uint64_t blobs = 0;
  std::uint64_t missing_files = 0;  ///< named by the catalogue, but not there: the store is damaged
  CopyCounts counts = {};
};

/// Makes a backup of `source` in `target`, an absolute path whose parent exists. `cancelled` is
/// looked at between files. Errors: exists: the target holds something; cancelled; no_space;
/// io_error; sync_failed; corrupt.
[[nodiscard]] Result<BackupReport> make_backup(const BackupSource& source,
                                               const std::string& target,
                                               const std::atomic<bool>& cancelled);

/// Copies the backup to `data_dir`, which is absent or empty. A completed call means: everything is
/// on stable storage. Errors: exists: `data_dir` holds something; not_found, invalid, corrupt: no
/// complete backup; conflict: a process uses the backup; no_space; io_error; sync_failed.
[[nodiscard]] Result<CopyCounts> restore_backup(const std::string& backup,
                                                const std::string& data_dir);

}  // namespace mooring
