// SegmentFiles: the segments a core reads from, kept open.
//
// A bounded cache, least recently used out first; one per core, on its thread. A descriptor in use
// outlives its place in the cache, so eviction and `forget` never close a file under a read. Reads
// go through the page cache: what is asked for often comes from memory.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>

#include "mooring/base/result.h"
#include "mooring/blob/segment_format.h"
#include "mooring/core/task.h"
#include "mooring/uring/fd.h"

namespace mooring {

class Core;
class DataDirectory;

class SegmentFiles {
 public:
  SegmentFiles(Core& core, const DataDirectory& directory, std::size_t files_max);

  /// The file of `segment`, opened by a worker if it is not in the cache. not_found: no such file.
  [[nodiscard]] Task<Result<std::shared_ptr<const Fd>>> open(SegmentId segment);
  /// To be called on every core when a segment is dropped, so that its space is freed.
  void forget(SegmentId segment) noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return files_.size(); }

 private:
  struct Entry {
    std::shared_ptr<const Fd> file;
    std::list<SegmentId>::iterator place;
  };
  void drop(SegmentId segment) noexcept;
  void keep(SegmentId segment, std::shared_ptr<const Fd> file);

  Core& core_;
  const DataDirectory& directory_;
  std::size_t files_max_;
  std::uint64_t forgets_ = 0;  // what was opened before the last of them is not kept
  std::map<SegmentId, Entry> files_;
  std::list<SegmentId> by_use_;  // most recently used first
};

}  // namespace mooring
