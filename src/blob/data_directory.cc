#include "mooring/blob/data_directory.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include "mooring/base/fault.h"
#include "mooring/base/log.h"
#include "mooring/blob/aligned_memory.h"

namespace mooring {

namespace {

constexpr const char* kSuperblock = "SUPERBLOCK";
constexpr std::size_t kSuperblockBytesMax = 4096;
constexpr std::string_view kToBeMade = "to be made";
constexpr const char* kProbe = "probe";

// What may lie in a directory that was never formatted, or not to its end.
constexpr std::string_view kOurNames[] = {"LOCK",   "SUPERBLOCK.new", "blobs",     "segments",
                                          "secret", "secret.new",     "lost+found"};

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// An empty answer means: it may be formatted.
Status may_format(const std::vector<std::string>& names) {
  if (has(names, "catalog")) return fail(Errc::corrupt, "a catalogue without a SUPERBLOCK");
  for (const std::string& name : names)
    if (std::ranges::find(kOurNames, name) == std::end(kOurNames))
      return fail(Errc::invalid, "the directory holds something else");
  return {};
}

std::string shard_name(unsigned shard) {
  return fmt::format("{:02x}", shard);
}

// The value of the line "<key> <value>".
std::string_view line_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ')
      return line.substr(key.size() + 1);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<DataDirectory>> DataDirectory::open(const std::string& path,
                                                           const DataDirectoryOptions& options) {
  std::unique_ptr<DataDirectory> directory(new DataDirectory(path));
  Status status;
  if (options.if_absent == IfAbsent::format) status = make_directory(AT_FDCWD, path);
  if (!status) return std::unexpected(status.error());
  // "/." so that the path itself may be a symbolic link.
  Result<Fd> root = open_directory(AT_FDCWD, path + "/.");
  if (!root) return std::unexpected(root.error());
  directory->root_ = std::move(*root);

  Result<std::vector<std::string>> names = list_directory(directory->root_.get());
  if (!names) return std::unexpected(names.error());
  if (has(*names, kIncompleteName))
    return fail(Errc::corrupt, "a backup or restore that never ended");
  if (!has(*names, kSuperblock)) {
    if (options.if_absent == IfAbsent::refuse)
      return fail(Errc::not_found, "no SUPERBLOCK in the data directory");
    status = may_format(*names);
    if (!status) return std::unexpected(status.error());
  }
  status = directory->lock();
  if (!status) return std::unexpected(status.error());
  status = directory->read_superblock();
  // Asked again under the lock: another process may have formatted meanwhile.
  if (!status && status.error().code == Errc::not_found) status = directory->format();
  if (!status) return std::unexpected(status.error());
  status = directory->open_directories();
  if (!status) return std::unexpected(status.error());
  status = directory->probe(options);
  if (!status) return std::unexpected(status.error());
  return directory;
}

Status DataDirectory::lock() {
  Result<Fd> file = open_for_write(root_.get(), "LOCK", Caching::buffered);
  if (!file && file.error().code == Errc::not_found)
    file = create_file(root_.get(), "LOCK", Caching::buffered);
  if (!file && file.error().code == Errc::exists)  // another process was faster
    file = open_for_write(root_.get(), "LOCK", Caching::buffered);
  if (!file) return std::unexpected(file.error());
  if (Status locked = lock_file(file->get()); !locked) return locked;
  lock_ = std::move(*file);
  return {};
}

Status DataDirectory::read_superblock() {
  Result<std::string> text = read_file(root_.get(), kSuperblock, kSuperblockBytesMax);
  if (!text) return std::unexpected(text.error());
  const std::string_view version = line_of(*text, "format");
  unsigned number = 0;
  const auto [end, error] =
      std::from_chars(version.data(), version.data() + version.size(), number);
  if (error != std::errc{} || end != version.data() + version.size())
    return fail(Errc::corrupt, "SUPERBLOCK without a format version");
  if (number != kDataFormatVersion)
    return fail(Errc::not_implemented, "a data directory of another format version");
  const std::optional<Uuid> store = parse_uuid(line_of(*text, "store"));
  if (!store) return fail(Errc::corrupt, "SUPERBLOCK without a store id");
  store_id_ = *store;
  is_new_ = line_of(*text, "catalogue") == kToBeMade;
  return {};
}

Status DataDirectory::write_superblock() {
  std::string text = fmt::format("mooring data directory\nformat {}\nstore {}\nblobs xxh3-128\n",
                                 kDataFormatVersion, to_string(store_id_));
  if (is_new_) text += fmt::format("catalogue {}\n", kToBeMade);
  return replace_file(root_.get(), kSuperblock, text);
}

Status DataDirectory::complete() {
  is_new_ = false;
  return write_superblock();
}

Status DataDirectory::format() {
  const int root = root_.get();
  for (const char* name : {"blobs", "segments"})
    if (Status made = make_directory(root, name); !made) return made;
  Result<Fd> blobs = open_directory(root, "blobs");
  if (!blobs) return std::unexpected(blobs.error());
  Result<Fd> segments = open_directory(root, "segments");
  if (!segments) return std::unexpected(segments.error());
  // All are made before the first is synced: one journal commit instead of 256.
  for (unsigned shard = 0; shard < kBlobShards; ++shard)
    if (Status made = make_directory(blobs->get(), shard_name(shard)); !made) return made;
  crash_point(CrashPoint::format_directories_made);
  constexpr SyncName kSync = SyncName::format_directories;
  for (unsigned shard = 0; shard < kBlobShards; ++shard) {
    Result<Fd> opened = open_directory(blobs->get(), shard_name(shard));
    if (!opened) return std::unexpected(opened.error());
    if (Status synced = sync_directory(opened->get(), kSync); !synced) return synced;
  }
  for (const int fd : {blobs->get(), segments->get(), root})
    if (Status synced = sync_directory(fd, kSync); !synced) return synced;

  store_id_ = new_uuid();
  is_new_ = true;
  if (Status written = write_superblock(); !written) return written;
  crash_point(CrashPoint::superblock_replaced);
  Result<Fd> parent = open_directory(root, "..");
  if (!parent) return std::unexpected(parent.error());
  Status synced = sync_directory(parent->get(), SyncName::format_parent);
  if (!synced) return synced;
  log_info("blob", "formatted {} as store {}", path_, to_string(store_id_));
  return {};
}

Status DataDirectory::open_directories() {
  Result<Fd> blobs = open_directory(root_.get(), "blobs");
  if (!blobs) return std::unexpected(blobs.error());
  blobs_ = std::move(*blobs);
  Result<Fd> segments = open_directory(root_.get(), "segments");
  if (!segments) return std::unexpected(segments.error());
  segments_ = std::move(*segments);
  for (unsigned shard = 0; shard < kBlobShards; ++shard) {
    Result<Fd> opened = open_directory(blobs_.get(), shard_name(shard));
    if (!opened) return std::unexpected(opened.error());
    shards_[shard] = std::move(*opened);
  }
  return {};
}

// What the file system can do is found by doing it: flags lie (overlay, FUSE, some tmpfs).
Status DataDirectory::probe(const DataDirectoryOptions& options) {
  const int blobs = blobs_.get();
  if (options.naming == Naming::unnamed) {
    Result<Fd> unnamed = open_unnamed(blobs, Caching::buffered);
    if (unnamed) naming_ = Naming::unnamed;
  }
  if (options.caching == Caching::direct) {
    if (Status removed = remove_name(blobs, kProbe); !removed) return removed;
    Result<Fd> direct = create_file(blobs, kProbe, Caching::direct);
    if (direct) {
      const AlignedMemory block(kBlockBytes);
      std::ranges::fill(block.bytes(), std::byte{0});
      if (write_all(direct->get(), block.bytes(), 0)) caching_ = Caching::direct;
    }
    if (Status removed = remove_name(blobs, kProbe); !removed) return removed;
  }
  if (caching_ != options.caching || naming_ != options.naming)
    log_warning("blob", "{}: {}{}: uploads take the slower way", path_,
                caching_ == options.caching ? "" : "no O_DIRECT ",
                naming_ == options.naming ? "" : "no O_TMPFILE");
  return {};
}

}  // namespace mooring
