// What lies in a segment file: its records, found by reading it from front to back.
//
// For compaction, which has to find the blobs of one segment: the catalogue knows where each blob
// lies, not which blobs lie in a segment. Records are found by their headers alone; whether one is
// alive the catalogue says, whether its content is sound load_record. Where a header is damaged the
// search goes on behind it, record alignment by record alignment, so that damage hides one record
// and not those after it.
//
// Blocking; any thread but a core's.
#pragma once

#include <cstdint>
#include <vector>

#include "mooring/base/result.h"
#include "mooring/blob/data_directory.h"
#include "mooring/blob/segment_format.h"

namespace mooring {

struct SegmentPage {
  std::vector<SegmentHeader> records;
  std::uint64_t next_bytes = 0;  ///< where the next page begins
  bool at_end = false;
};

/// The records that begin in the MiB from `from_bytes` (0, or `next_bytes` of the page before).
/// Errors: not_found: no such file; io_error; overloaded.
[[nodiscard]] Result<SegmentPage> list_segment_records(const DataDirectory& directory,
                                                       SegmentId segment, std::uint64_t from_bytes);

}  // namespace mooring
