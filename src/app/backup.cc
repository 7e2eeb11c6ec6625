#include "mooring/app/backup.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "mooring/base/fault.h"
#include "mooring/base/log.h"
#include "mooring/catalog/blobs.h"

namespace mooring {

namespace {

constexpr std::size_t kPage = 1024;
constexpr const char* kSuperblock = "SUPERBLOCK";
constexpr const char* kSecret = "secret";
constexpr std::size_t kSmallFileBytesMax = 64_KiB;
constexpr std::string_view kIncompleteText =
    "This directory is being made by mooring backup or restore, or that never ended.\n"
    "It is no store. Remove it and begin again.\n";

// A directory that comes to be: marked as incomplete from its first instant to its last.
class Target {
 public:
  // Refuses what holds anything.
  [[nodiscard]] static Result<Target> begin(const std::string& path) {
    if (Status made = make_directory(AT_FDCWD, path); !made) return std::unexpected(made.error());
    Result<Fd> root = open_directory(AT_FDCWD, path + "/.");
    if (!root) return std::unexpected(root.error());
    const Result<std::vector<std::string>> names = list_directory(root->get());
    if (!names) return std::unexpected(names.error());
    if (!names->empty()) return fail(Errc::exists, "the directory is not empty");
    Status marked = replace_file(root->get(), kIncompleteName, kIncompleteText);
    Target target;
    if (marked) marked = target.make_directories(root->get());
    if (!marked) return std::unexpected(marked.error());
    target.root_ = std::move(*root);
    return target;
  }

  // INCOMPLETE goes last, when all that it denies is on stable storage.
  [[nodiscard]] Status end(const std::string& superblock) {
    if (Status synced = sync_file_system(root_.get(), SyncName::copy_data); !synced) return synced;
    crash_point(CrashPoint::copy_synced);
    Status status = replace_file(root_.get(), kSuperblock, superblock);
    crash_point(CrashPoint::copy_named);
    if (status) status = remove_name(root_.get(), kIncompleteName);
    if (status) status = sync_directory(root_.get());
    if (!status) return status;
    const Result<Fd> parent = open_directory(root_.get(), "..");
    if (!parent) return std::unexpected(parent.error());
    return sync_directory(parent->get());
  }

  [[nodiscard]] int root_fd() const noexcept { return root_.get(); }
  [[nodiscard]] int segments_fd() const noexcept { return segments_.get(); }
  [[nodiscard]] int shard_fd(unsigned shard) const noexcept { return shards_[shard].get(); }

 private:
  [[nodiscard]] Status make_directories(int root) {
    for (const char* name : {"blobs", "segments"})
      if (Status made = make_directory(root, name); !made) return made;
    Result<Fd> segments = open_directory(root, "segments");
    if (!segments) return std::unexpected(segments.error());
    segments_ = std::move(*segments);
    for (unsigned shard = 0; shard < kBlobShards; ++shard) {
      const std::string name = fmt::format("blobs/{:02x}", shard);
      if (Status made = make_directory(root, name); !made) return made;
      Result<Fd> opened = open_directory(root, name);
      if (!opened) return std::unexpected(opened.error());
      shards_[shard] = std::move(*opened);
    }
    return {};
  }

  Fd root_;
  Fd segments_;
  std::array<Fd, kBlobShards> shards_;
};

// One backup under way.
class Backup {
 public:
  Backup(const BackupSource& source, Target& target, const std::atomic<bool>& cancelled) noexcept
      : source_(source), target_(target), cancelled_(cancelled) {}

  // Step 4, by the records of the checkpoint.
  [[nodiscard]] Status copy_content(const Database& checkpoint) {
    std::optional<BlobId> after;
    while (true) {
      const auto page = list_blobs(checkpoint, kPage, after);
      if (!page) return std::unexpected(page.error());
      for (const auto& [id, record] : *page)
        if (Status copied = take(id, record); !copied) return copied;
      if (page->size() < kPage) break;
      after = page->back().first;
    }
    for (const auto& [segment, end_bytes] : segment_ends_)
      if (Status copied = copy_segment(segment, end_bytes); !copied) return copied;
    return {};
  }

  [[nodiscard]] Status copy_secret() {
    const Status copied = copy_file(source_.directory.root_fd(), target_.root_fd(), kSecret,
                                    Sharing::copy, report_.counts);
    // A store that only ever saw foreign tokens has none.
    if (!copied && copied.error().code == Errc::not_found) return {};
    return copied;
  }

  [[nodiscard]] const BackupReport& report() const noexcept { return report_; }

 private:
  [[nodiscard]] Status take(const BlobId& id, const BlobRecord& record) {
    if (cancelled_.load(std::memory_order_relaxed)) return fail(Errc::cancelled, "backup");
    ++report_.blobs;
    if (record.location.tier == Tier::segment) {
      std::uint64_t& end = segment_ends_[segment_of(record.location)];
      end = std::max(end, record.location.segment_offset + record.size_bytes);
      return {};
    }
    const unsigned shard = DataDirectory::shard_of(id.hash);
    return judge(copy_file(source_.directory.shard_fd(shard), target_.shard_fd(shard),
                           to_string(id), Sharing::link, report_.counts),
                 to_string(id));
  }

  [[nodiscard]] Status copy_segment(SegmentId segment, std::uint64_t end_bytes) {
    if (cancelled_.load(std::memory_order_relaxed)) return fail(Errc::cancelled, "backup");
    const std::string name = to_string(segment);
    const int from = source_.directory.segments_fd();
    const int to = target_.segments_fd();
    if (source_.is_open(segment))
      return judge(copy_beginning(from, to, name, round_up(end_bytes, kBlockBytes), report_.counts),
                   name);
    return judge(copy_file(from, to, name, Sharing::link, report_.counts), name);
  }

  // A store with a hole is worth saving all the same.
  [[nodiscard]] Status judge(const Status& copied, const std::string& name) {
    if (copied || copied.error().code != Errc::not_found) return copied;
    ++report_.missing_files;
    log_error("backup", "{} is named by the catalogue and not there", name);
    return {};
  }

  const BackupSource& source_;
  Target& target_;
  const std::atomic<bool>& cancelled_;
  std::map<SegmentId, std::uint64_t> segment_ends_;
  BackupReport report_;
};

// A checkpoint of a catalogue at rest has no log: that is made.
DatabaseOptions checkpoint_options() {
  return {.mode = OpenMode::create,
          .block_cache_bytes = 8_MiB,
          .write_buffer_bytes = 4_MiB,
          .open_files_max = 64};
}

// All files of one directory, none of its directories.
Status copy_all(int from, int to, CopyCounts& counts) {
  const Result<std::vector<std::string>> names = list_directory(from);
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    if (name == "LOCK") continue;
    if (Status copied = copy_file(from, to, name, Sharing::copy, counts); !copied) return copied;
  }
  return {};
}

Result<CopyCounts> copy_store(const DataDirectory& backup, const Target& target) {
  CopyCounts counts;
  if (Status made = make_directory(target.root_fd(), "catalog"); !made)
    return std::unexpected(made.error());
  const Result<Fd> from = open_directory(backup.root_fd(), "catalog");
  const Result<Fd> to = open_directory(target.root_fd(), "catalog");
  if (!from || !to) return std::unexpected(from ? to.error() : from.error());
  Status copied = copy_all(from->get(), to->get(), counts);
  if (copied) copied = copy_all(backup.segments_fd(), target.segments_fd(), counts);
  for (unsigned shard = 0; copied && shard < kBlobShards; ++shard)
    copied = copy_all(backup.shard_fd(shard), target.shard_fd(shard), counts);
  if (copied) {
    copied = copy_file(backup.root_fd(), target.root_fd(), kSecret, Sharing::copy, counts);
    if (!copied && copied.error().code == Errc::not_found) copied = {};
  }
  if (!copied) return std::unexpected(copied.error());
  return counts;
}

}  // namespace

Result<BackupReport> make_backup(const BackupSource& source, const std::string& target,
                                 const std::atomic<bool>& cancelled) {
  Result<Target> made = Target::begin(target);
  if (!made) return std::unexpected(made.error());
  const Result<std::string> superblock =
      read_file(source.directory.root_fd(), kSuperblock, kSmallFileBytesMax);
  if (!superblock) return std::unexpected(superblock.error());
  Backup backup(source, *made, cancelled);
  Status status;
  {
    const Removals::Hold hold(source.removals);
    status = source.database.checkpoint(target + "/catalog");
    if (!status) return std::unexpected(status.error());
    crash_point(CrashPoint::backup_checkpointed);
    const Result<std::unique_ptr<Database>> checkpoint =
        Database::open(target + "/catalog", checkpoint_options());
    if (!checkpoint) return std::unexpected(checkpoint.error());
    if ((*checkpoint)->last_stop() == LastStop::none)
      return fail(Errc::corrupt, "a checkpoint without a catalogue");
    status = backup.copy_content(**checkpoint);
    // Closed in good order: whoever opens the backup has nothing to make good.
    if (status) status = (*checkpoint)->close();
  }
  if (status) status = backup.copy_secret();
  crash_point(CrashPoint::backup_copied);
  if (status) status = made->end(*superblock);
  if (!status) return std::unexpected(status.error());
  return backup.report();
}

Result<CopyCounts> restore_backup(const std::string& backup, const std::string& data_dir) {
  // Buffered, named: what the file system can do is not tried, so that nothing is written.
  const Result<std::unique_ptr<DataDirectory>> from = DataDirectory::open(
      backup,
      {.if_absent = IfAbsent::refuse, .caching = Caching::buffered, .naming = Naming::temporary});
  if (!from) return std::unexpected(from.error());
  Result<Target> target = Target::begin(data_dir);
  if (!target) return std::unexpected(target.error());
  const Result<std::string> superblock =
      read_file((*from)->root_fd(), kSuperblock, kSmallFileBytesMax);
  if (!superblock) return std::unexpected(superblock.error());
  const Result<CopyCounts> counts = copy_store(**from, *target);
  if (!counts) return counts;
  crash_point(CrashPoint::restore_copied);
  if (Status ended = target->end(*superblock); !ended) return std::unexpected(ended.error());
  return counts;
}

}  // namespace mooring
