#include "mooring/api/recent_contents.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <string>

#include "mooring/blob/data_directory.h"
#include "mooring/catalog/blobs.h"

namespace mooring {

namespace {

constexpr std::size_t kBlobsPerPage = 1024;

}  // namespace

Result<bool> RecentContents::look_at_page(const View& view) {
  const auto page = list_blobs(view, kBlobsPerPage, after_);
  if (!page) return std::unexpected(page.error());
  for (const auto& [id, record] : *page) add(id, record);
  if (page->size() < kBlobsPerPage) return true;
  after_ = page->back().first;
  return false;
}

std::vector<std::pair<BlobId, BlobRecord>> RecentContents::found() const {
  std::vector<std::pair<BlobId, BlobRecord>> all;
  const auto take = [&](const Youngest& youngest) {
    for (const auto& [major, minor, id] : youngest) all.emplace_back(id, records_.at(id));
  };
  for (const auto& [core, youngest] : segment_blobs_) take(youngest);
  take(files_);
  return all;
}

void RecentContents::add(const BlobId& id, const BlobRecord& record) {
  const BlobLocation& place = record.location;
  const bool is_file = place.tier == Tier::file;
  Youngest& youngest = is_file ? files_ : segment_blobs_[place.segment_core];
  const Aged aged =
      is_file ? Aged{changed_ns(id), 0, id} : Aged{place.segment_number, place.segment_offset, id};
  records_.emplace(id, record);
  youngest.insert(aged);
  if (youngest.size() <= (is_file ? kFilesMax : kSegmentBlobsMax)) return;
  records_.erase(std::get<BlobId>(*youngest.begin()));
  youngest.erase(youngest.begin());
}

// A file that cannot be asked counts as the youngest: it has to be looked at.
std::uint64_t RecentContents::changed_ns(const BlobId& id) const {
  struct stat status{};
  const int shard = directory_.shard_fd(DataDirectory::shard_of(id.hash));
  if (::fstatat(shard, to_string(id).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return UINT64_MAX;
  return static_cast<std::uint64_t>(status.st_ctim.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(status.st_ctim.tv_nsec);
}

}  // namespace mooring
