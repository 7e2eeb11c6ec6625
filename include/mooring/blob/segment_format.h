// The bytes of a segment file: data/segments/<core>-<number>.
//
// A segment is a sequence of batches, a batch a sequence of records. Batches start on a 4 KiB
// block, records on 16 bytes. What lies between is zero. Integers are little-endian.
//
//   record   offset  bytes  field
//               0      8    magic "moorblob"
//               8      2    version (1)
//              10      2    ordinal of the blob's id
//              12      4    length of the content
//              16     16    XXH3-128 of the content, canonical: the id's hash and the content's
//              checksum 32      8    offset of this record in its segment 40      4    number of
//              the segment 44      2    core of the segment 46     10    zero 56      8    XXH3-64
//              of the 56 bytes before 64      n    content
//
// A record says where it is, so a block that a disk put elsewhere is noticed, and what it holds, so
// that `mooring check` reads a segment without a catalogue. BlobLocation::segment_offset points at
// the content: the record begins kSegmentHeaderBytes before it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/blob_id.h"
#include "mooring/base/bytes.h"

namespace mooring {

inline constexpr std::size_t kSegmentHeaderBytes = 64;
inline constexpr std::size_t kSegmentRecordAlignment = 16;
/// The largest content of a segment; with its header it fits one chunk and its slack.
inline constexpr std::size_t kSegmentContentBytesMax = 1_MiB;

/// Which segment file.
struct SegmentId {
  std::uint16_t core = 0;
  std::uint32_t number = 0;
  friend auto operator<=>(const SegmentId&, const SegmentId&) = default;
};

[[nodiscard]] inline SegmentId segment_of(const BlobLocation& location) noexcept {
  return {location.segment_core, location.segment_number};
}

/// "<core>-<number>", decimal without leading zeros: the name of the file.
[[nodiscard]] std::string to_string(const SegmentId& segment);
/// Only what to_string makes.
[[nodiscard]] std::optional<SegmentId> parse_segment_id(std::string_view name) noexcept;

struct SegmentHeader {
  BlobId id;
  SegmentId segment;
  std::uint64_t record_offset = 0;
  std::uint32_t content_bytes = 0;
  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

/// Space of a record of `content_bytes` inside a batch: header and content, rounded up to 16.
[[nodiscard]] constexpr std::uint64_t segment_record_bytes(std::uint64_t content_bytes) noexcept {
  return round_up(kSegmentHeaderBytes + content_bytes, kSegmentRecordAlignment);
}

/// Writes the header; `into` has kSegmentHeaderBytes.
void encode_header(const SegmentHeader& header, MutableBytes into) noexcept;
/// The header in `from`, or nothing if magic, version, zeros or checksum are wrong.
[[nodiscard]] std::optional<SegmentHeader> decode_header(Bytes from) noexcept;

}  // namespace mooring
