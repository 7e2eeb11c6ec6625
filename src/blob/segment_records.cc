#include "mooring/blob/segment_records.h"

#include "blocking_read.h"
#include "mooring/uring/file.h"

namespace mooring {

Result<SegmentPage> list_segment_records(const DataDirectory& directory, SegmentId segment,
                                         std::uint64_t from_bytes) {
  // Buffered: pages begin where a record ended, which O_DIRECT does not take.
  const Result<Fd> file =
      open_for_read(directory.segments_fd(), to_string(segment), Caching::buffered);
  if (!file) return std::unexpected(file.error());
  const MutableBytes buffer = worker_buffer(0);
  const Result<std::size_t> read = read_up_to(file->get(), buffer, from_bytes);
  if (!read) return std::unexpected(read.error());

  SegmentPage page;
  std::uint64_t place = 0;  // in the buffer
  while (place + kSegmentHeaderBytes <= *read) {
    const auto header = decode_header(Bytes(buffer).subspan(place, kSegmentHeaderBytes));
    const bool at_home =
        header && header->segment == segment && header->record_offset == from_bytes + place;
    if (at_home) page.records.push_back(*header);
    place += at_home ? segment_record_bytes(header->content_bytes) : kSegmentRecordAlignment;
  }
  page.next_bytes = from_bytes + place;
  page.at_end = *read < buffer.size();
  return page;
}

}  // namespace mooring
