#include "mooring/blob/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "blocking_read.h"
#include "mooring/base/check.h"
#include "mooring/base/fault.h"
#include "mooring/base/log.h"
#include "mooring/uring/file.h"

namespace mooring {

namespace {

constexpr std::string_view kTemporaryPrefix = "landing-";
constexpr std::string_view kProbeName = "probe";
constexpr std::string_view kReplacementSuffix = ".new";

bool is_shard_name(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return name.size() == 2 && name.find_first_not_of(kDigits) == std::string_view::npos;
}

void add(RecoveryReport& sum, const RecoveryReport& part) {
  sum.files_kept += part.files_kept;
  sum.files_removed += part.files_removed;
  sum.temporaries_removed += part.temporaries_removed;
  sum.segments_kept += part.segments_kept;
  sum.segments_removed += part.segments_removed;
  sum.segments_cut += part.segments_cut;
  sum.segments_damaged += part.segments_damaged;
  sum.strangers += part.strangers;
  sum.bytes_freed += part.bytes_freed;
}

Result<std::uint64_t> size_of(int directory_fd, const std::string& name) {
  Result<Fd> file = open_for_read(directory_fd, name, Caching::buffered);
  if (!file) return std::unexpected(file.error());
  return file_size(file->get());
}

// One directory, and what was counted in it. Its removals are not synced: what a power cut brings
// back is nobody's still, and the next start removes it again.
struct Sweep {
  int directory_fd = -1;
  RecoveryMode mode = RecoveryMode::repair;
  RecoveryReport report = {};

  [[nodiscard]] Status remove(const std::string& name, std::uint64_t& count) {
    const Result<std::uint64_t> size = size_of(directory_fd, name);
    if (!size) return std::unexpected(size.error());
    if (mode == RecoveryMode::repair)
      if (Status removed = remove_name(directory_fd, name); !removed) return removed;
    ++count;
    report.bytes_freed += *size;
    return {};
  }

  void stranger(const std::string& name) {
    ++report.strangers;
    log_warning("blob", "recovery leaves what is not ours: {}", name);
  }
};

// The directory blobs/ itself: shards, and leftovers of landings and of the probe.
Status sweep_blobs(Sweep& sweep) {
  const Result<std::vector<std::string>> names = list_directory(sweep.directory_fd);
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    if (is_shard_name(name)) continue;
    if (!name.starts_with(kTemporaryPrefix) && name != kProbeName) {
      sweep.stranger(name);
      continue;
    }
    if (Status removed = sweep.remove(name, sweep.report.temporaries_removed); !removed)
      return removed;
  }
  return {};
}

Status sweep_shard(Sweep& sweep, unsigned shard, const LiveBlobs& live) {
  const Result<std::vector<std::string>> names = list_directory(sweep.directory_fd);
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    std::string_view stem = name;
    const bool replacement = stem.ends_with(kReplacementSuffix);
    if (replacement) stem.remove_suffix(kReplacementSuffix.size());
    const std::optional<BlobId> id = parse_blob_id(stem);
    if (!id || DataDirectory::shard_of(id->hash) != shard) {
      sweep.stranger(name);
      continue;
    }
    Status removed;
    if (replacement) {
      removed = sweep.remove(name, sweep.report.temporaries_removed);
    } else {
      const Result<bool> is_live = live.is_live_file(*id);
      if (!is_live) return std::unexpected(is_live.error());
      if (*is_live) {
        ++sweep.report.files_kept;
      } else {
        removed = sweep.remove(name, sweep.report.files_removed);
        crash_point(CrashPoint::recovery_blob_removed);
      }
    }
    if (!removed) return removed;
  }
  return {};
}

// The shards are shared out to a few threads; the first error stops all.
Status sweep_shards(const DataDirectory& directory, const LiveBlobs& live,
                    const RecoveryOptions& options, RecoveryReport& report) {
  std::atomic<unsigned> next_shard{0};
  std::mutex mutex;
  Status outcome;
  const auto work = [&] {
    for (unsigned shard = next_shard++; shard < kBlobShards; shard = next_shard++) {
      Sweep sweep{directory.shard_fd(shard), options.mode};
      const Status swept = sweep_shard(sweep, shard, live);
      const std::lock_guard lock(mutex);
      add(report, sweep.report);
      if (!swept && outcome) outcome = swept;
      if (!outcome) return;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 1; i < options.threads; ++i) threads.emplace_back(work);
    work();
  }
  return outcome;
}

using LiveEnds = std::map<SegmentId, std::uint64_t>;

Result<LiveEnds> live_ends(const LiveBlobs& live) {
  LiveEnds ends;
  const Status visited = live.visit_segment_blobs([&ends](const BlobId&, const BlobRecord& record) {
    std::uint64_t& end = ends[segment_of(record.location)];
    end = std::max(end, record.location.segment_offset + record.size_bytes);
  });
  if (!visited) return std::unexpected(visited.error());
  return ends;
}

// A backup shares the file and may name what lies behind; its space would not come back anyway.
Result<bool> has_second_name(int directory_fd, const std::string& name) {
  const Result<Fd> file = open_for_read(directory_fd, name, Caching::buffered);
  if (!file) return std::unexpected(file.error());
  const Result<std::uint64_t> names = count_names(file->get());
  if (!names) return std::unexpected(names.error());
  return *names > 1;
}

Status cut_segment(Sweep& sweep, const std::string& name, std::uint64_t end_bytes) {
  const Result<std::uint64_t> size = size_of(sweep.directory_fd, name);
  if (!size) return std::unexpected(size.error());
  ++sweep.report.segments_kept;
  if (*size < end_bytes) {
    ++sweep.report.segments_damaged;
    log_error("blob", "segment {} has {} bytes, its records need {}", name, *size, end_bytes);
    return {};
  }
  const std::uint64_t wanted_bytes = round_up(end_bytes, kBlockBytes);
  if (*size <= wanted_bytes) return {};
  const Result<bool> is_shared = has_second_name(sweep.directory_fd, name);
  if (!is_shared) return std::unexpected(is_shared.error());
  if (*is_shared) return {};
  ++sweep.report.segments_cut;
  sweep.report.bytes_freed += *size - wanted_bytes;
  if (sweep.mode == RecoveryMode::report) return {};
  const Result<Fd> file = open_for_write(sweep.directory_fd, name, Caching::buffered);
  if (!file) return std::unexpected(file.error());
  Status cut = truncate_file(file->get(), wanted_bytes);
  crash_point(CrashPoint::recovery_segment_cut);
  return cut;
}

Status sweep_segments(Sweep& sweep, LiveEnds ends) {
  const Result<std::vector<std::string>> names = list_directory(sweep.directory_fd);
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    const std::optional<SegmentId> segment = parse_segment_id(name);
    if (!segment) {
      sweep.stranger(name);
      continue;
    }
    const auto found = ends.find(*segment);
    Status done;
    if (found == ends.end()) {
      done = sweep.remove(name, sweep.report.segments_removed);
      crash_point(CrashPoint::recovery_segment_removed);
    } else {
      done = cut_segment(sweep, name, found->second);
      ends.erase(found);
    }
    if (!done) return done;
  }
  for (const auto& [segment, end_bytes] : ends) {
    ++sweep.report.segments_damaged;
    log_error("blob", "segment {} is gone, its records need {} bytes", to_string(segment),
              end_bytes);
  }
  return {};
}

}  // namespace

Result<RecoveryReport> recover(const DataDirectory& directory, const LiveBlobs& live,
                               const RecoveryOptions& options) {
  MOORING_CHECK(options.threads >= 1 && options.threads <= 64, "recovery by 1 to 64 threads");
  RecoveryReport report;
  Sweep blobs{directory.blobs_fd(), options.mode};
  Status status = sweep_blobs(blobs);
  add(report, blobs.report);
  if (status) status = sweep_shards(directory, live, options, report);
  if (!status) return std::unexpected(status.error());

  Result<LiveEnds> ends = live_ends(live);
  if (!ends) return std::unexpected(ends.error());
  Sweep segments{directory.segments_fd(), options.mode};
  status = sweep_segments(segments, std::move(*ends));
  add(report, segments.report);
  if (!status) return std::unexpected(status.error());
  return report;
}

Status verify_blob(const DataDirectory& directory, const BlobId& id, const BlobRecord& record,
                   VerifyDepth depth) {
  if (record.location.tier == Tier::segment) {
    // A record is small: reading its header reads most of it, so both depths read it whole.
    const Result<LoadedRecord> loaded = load_record(directory, id, record);
    return loaded ? Status{} : std::unexpected(loaded.error());
  }
  Result<Fd> file = open_blob_file(directory, id, record.size_bytes, directory.caching());
  if (!file) return std::unexpected(file.error());
  if (depth == VerifyDepth::names) return {};
  const Result<Hash128> hash = hash_file(file->get(), record.size_bytes);
  if (!hash) return std::unexpected(hash.error());
  if (*hash != id.hash) return fail(Errc::corrupt, "a blob's file is not what was stored");
  return {};
}

}  // namespace mooring
