// Faults: the places where a test may stop the process, leave out a sync or fail an I/O.
//
// One seam for the rigs of tests/crash. The places are always compiled in and cost one load and one
// branch; arming them is possible only in builds with the option `faults` (every build type but
// release, unless it is asked for), so that a shipped server cannot be told to lose data. Hidden
// options of `mooring serve` arm (src/main.cc), `mooring faults` lists every name.
//
// A crash point stands right behind the step that its name tells, in the past tense: at
// landing_synced the bytes of a landing are on stable storage and nothing later has happened. The
// process dies there as by kill -9, without unwinding.
//
// A sync that is left out reports success. It shows whether the rig for power cuts notices: a sync
// whose absence nothing notices is needless or untested.
//
// An I/O fault hits the K-th call of a kind in the file layer (uring/file), the ring (uring/ring)
// or the catalogue, once or from then on.
//
// I1  Armed before the first thread starts and never changed afterwards: readers need no order.
// I2  Nothing armed: no place has any effect, and none counts.
//
// Thread: any. Errors: Errc::invalid for words that name nothing, Errc::not_implemented where this
// build cannot be armed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mooring/base/result.h"

namespace mooring {

/// Where the process can be made to die: the steps of start, load and stop, in their order.
enum class CrashPoint : std::uint8_t {
  format_directories_made,
  replacement_written,  ///< the new content of a small file, before its sync
  replacement_renamed,  ///< before the sync of the directory
  superblock_replaced,
  secret_written,
  secret_linked,
  catalog_opened,
  clean_mark_taken,
  recovery_blob_removed,
  recovery_segment_removed,
  recovery_segment_cut,
  recovery_ended,
  store_opened,
  landing_opened,
  landing_chunk_written,
  landing_cut,  ///< to its true size
  landing_synced,
  landing_named,
  landing_published,
  segment_made,
  segment_named,
  segment_batch_written,
  segment_batch_synced,
  segment_ended,
  commit_gathered,
  commit_written,
  commit_answered,
  collect_forgotten,
  collect_unlinked,
  collect_unmarked,
  compact_copied,     ///< a batch of small blobs lies at the end of the store too
  compact_moved,      ///< and the catalogue says so
  segment_forgotten,  ///< by the catalogue
  segment_dropped,
  backup_checkpointed,  ///< of the catalogue; no file of a blob is in the backup yet
  backup_copied,        ///< all of it, nothing is synced
  copy_synced,          ///< of a backup or a restored store, which says INCOMPLETE still
  copy_named,           ///< its SUPERBLOCK stands beside INCOMPLETE
  restore_copied,
  server_drained,
  catalog_flushed,
  clean_mark_put,
};
inline constexpr std::size_t kCrashPoints =
    static_cast<std::size_t>(CrashPoint::clean_mark_put) + 1;

/// The syncs of the commit protocol and of formatting. Removals have none: what a power cut brings
/// back is nobody's, and recovery removes it again.
enum class SyncName : std::uint8_t {
  unnamed,             ///< one that cannot be left out: tests of the file layer
  format_directories,  ///< blobs/, its shards, segments/ and the data directory
  format_parent,       ///< the directory in which the data directory lies
  replacement_data,    ///< a small file that replaces another: SUPERBLOCK
  replacement_directory,
  secret_data,
  secret_directory,
  segment_data,       ///< a batch of small blobs
  segment_directory,  ///< the name of a new segment
  blob_data,          ///< a large blob
  blob_directory,     ///< its name
  copy_data,          ///< the whole of a backup or a restored store
  catalog_log,        ///< the write-ahead log, once per batch
  clean_mark,         ///< taken at start
};
inline constexpr std::size_t kSyncNames = static_cast<std::size_t>(SyncName::clean_mark) + 1;

/// What can be made to fail. `ring_` kinds go through the kernel's ring, the rest is blocking.
enum class IoKind : std::uint8_t {
  open,
  make_directory,
  list,
  allocate,
  truncate,
  sync,
  name,  ///< link and rename
  remove,
  read,
  write,
  ring_read,
  ring_write,
  ring_receive,
  ring_send,
  ring_accept,
  catalog_write,
};
inline constexpr std::size_t kIoKinds = static_cast<std::size_t>(IoKind::catalog_write) + 1;

/// What an armed fault does to one I/O.
struct IoFault {
  enum class Effect : std::uint8_t {
    none,
    error,    ///< the call is not made and fails with `os_error`
    shorten,  ///< a transfer moves less than it was asked for
    delay,    ///< the call is made kFaultDelayMs later
  };
  Effect effect = Effect::none;
  int os_error = 0;
};
inline constexpr unsigned kFaultDelayMs = 50;

/// Whether this build can be armed.
[[nodiscard]] bool faults_can_be_armed() noexcept;
/// "NAME:K": die at the K-th passage of the crash point, K from 1.
[[nodiscard]] Status arm_crash(std::string_view words);
/// "NAME": the sync is left out from now on. May be repeated.
[[nodiscard]] Status arm_skipped_sync(std::string_view words);
/// "KIND:K:EFFECT" or "KIND:K:EFFECT:always"; EFFECT is EIO, ENOSPC, ECANCELED, EMFILE, short or
/// delay; K from 1. The last one given counts.
[[nodiscard]] Status arm_io_fault(std::string_view words);
/// Every place counts its passages from now on.
[[nodiscard]] Status arm_counting();
/// Nothing is armed any more and all counts are 0. For tests, while no other thread runs.
void disarm_faults() noexcept;

/// One line per name: "point NAME start|load|stop", "sync NAME", "io KIND".
[[nodiscard]] std::string list_faults();
/// "NAME=COUNT" for every crash point and kind that was passed since arming, with blanks between.
[[nodiscard]] std::string fault_counts();

namespace detail {

inline bool faults_armed = false;  // I1
void pass(CrashPoint point) noexcept;
[[nodiscard]] bool is_skipped(SyncName sync) noexcept;
[[nodiscard]] IoFault next_fault(IoKind kind) noexcept;

}  // namespace detail

/// The step `point` has just been made.
inline void crash_point(CrashPoint point) noexcept {
  if (detail::faults_armed) [[unlikely]]
    detail::pass(point);
}

/// Whether the sync is to be left out.
[[nodiscard]] inline bool sync_is_skipped(SyncName sync) noexcept {
  if (detail::faults_armed) [[unlikely]]
    return detail::is_skipped(sync);
  return false;
}

/// What happens to the I/O of this kind that is about to be made.
[[nodiscard]] inline IoFault io_fault(IoKind kind) noexcept {
  if (detail::faults_armed) [[unlikely]]
    return detail::next_fault(kind);
  return {};
}

}  // namespace mooring
