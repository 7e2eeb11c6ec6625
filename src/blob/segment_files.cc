#include "mooring/blob/segment_files.h"

#include "mooring/blob/data_directory.h"
#include "mooring/core/workers.h"
#include "mooring/uring/cached_file.h"
#include "mooring/uring/file.h"

namespace mooring {

SegmentFiles::SegmentFiles(Core& core, const DataDirectory& directory, std::size_t files_max)
    : core_(core), directory_(directory), files_max_(files_max) {
  MOORING_CHECK(files_max > 0, "a cache without room");
}

Task<Result<std::shared_ptr<const Fd>>> SegmentFiles::open(SegmentId segment) {
  if (const auto found = files_.find(segment); found != files_.end()) {
    by_use_.splice(by_use_.begin(), by_use_, found->second.place);
    co_return found->second.file;
  }
  const std::uint64_t forgets = forgets_;
  Result<Fd> opened = co_await core_.workers().run(core_, [this, segment] {
    return open_for_read(directory_.segments_fd(), to_string(segment), Caching::buffered);
  });
  if (!opened) co_return std::unexpected(opened.error());
  expect_single_reads(opened->get());
  auto file = std::make_shared<const Fd>(std::move(*opened));
  if (forgets == forgets_) keep(segment, file);
  co_return file;
}

void SegmentFiles::keep(SegmentId segment, std::shared_ptr<const Fd> file) {
  if (files_.contains(segment)) return;  // opened by another task while this one waited
  if (files_.size() == files_max_) drop(by_use_.back());
  by_use_.push_front(segment);
  files_.emplace(segment, Entry{std::move(file), by_use_.begin()});
}

void SegmentFiles::forget(SegmentId segment) noexcept {
  ++forgets_;
  drop(segment);
}

void SegmentFiles::drop(SegmentId segment) noexcept {
  const auto found = files_.find(segment);
  if (found == files_.end()) return;
  by_use_.erase(found->second.place);
  files_.erase(found);
}

}  // namespace mooring
