#include "store_check.h"

#include <algorithm>
#include <array>
#include <vector>

#include "mooring/blob/segment_format.h"
#include "mooring/catalog/blobs.h"

namespace mooring {

namespace {

constexpr std::size_t kReadBytes = 1_MiB;
constexpr std::size_t kMagicBytes = 8;  // of a header

/// One segment file, walked from its first byte to its last.
class SegmentWalk {
 public:
  SegmentWalk(StoreCheck& check, SegmentId segment, std::string name)
      : check_(check), segment_(segment), name_(std::move(name)) {}

  Status run() {
    Result<Fd> file = open_for_read(check_.directory.segments_fd(), name_, Caching::buffered);
    if (!file) return std::unexpected(file.error());
    file_ = std::move(*file);
    const Result<std::uint64_t> size = file_size(file_.get());
    if (!size) return std::unexpected(size.error());
    size_bytes_ = *size;
    while (place_ < size_bytes_)
      if (const Status stepped = step(); !stepped) return stepped;
    return {};
  }

 private:
  // A record, or the padding behind a batch, or neither.
  Status step() {
    const Result<std::optional<SegmentHeader>> header = header_at(place_);
    if (!header) return std::unexpected(header.error());
    if (*header) return pass_record(**header);
    const Result<bool> is_cut_off = is_header_cut_off();
    if (!is_cut_off) return std::unexpected(is_cut_off.error());
    if (*is_cut_off) {
      place_ = size_bytes_;
      return {};
    }
    const std::uint64_t next_batch = round_up(place_ + 1, kBlockBytes);
    const std::uint64_t padding_end = std::min(next_batch, size_bytes_);
    const Result<bool> is_padding = is_zero(place_, padding_end);
    if (!is_padding) return std::unexpected(is_padding.error());
    // A batch begins with a record: a block of zeros is space that was never written.
    if (*is_padding && place_ % kBlockBytes == 0) return pass_unwritten();
    if (!*is_padding) return pass_stray_bytes(next_batch);
    place_ = padding_end;
    return {};
  }

  // A record of which recovery left less than its header, as in pass_record.
  Result<bool> is_header_cut_off() const {
    const std::uint64_t left_bytes = size_bytes_ - place_;
    if (left_bytes < kSegmentRecordAlignment || left_bytes >= kSegmentHeaderBytes) return false;
    std::array<std::byte, kSegmentRecordAlignment> begin{};
    if (const Status got = read_exactly(file_.get(), begin, place_); !got)
      return std::unexpected(got.error());
    std::array<std::byte, kSegmentHeaderBytes> any{};
    encode_header({}, any);
    return std::equal(begin.begin(), begin.begin() + kMagicBytes, any.begin());
  }

  // Dead records are owned too: compaction frees them. One that the end of the file cuts off was
  // never acknowledged.
  Status pass_record(const SegmentHeader& header) {
    const Result<bool> is_live = is_record_live(header);
    if (!is_live) return std::unexpected(is_live.error());
    if (!*is_live) check_.report.dead_bytes += header.content_bytes;
    place_ += segment_record_bytes(header.content_bytes);
    return {};
  }

  Status pass_unwritten() {
    const Result<bool> is_rest_zero = is_zero(place_, size_bytes_);
    if (!is_rest_zero) return std::unexpected(is_rest_zero.error());
    if (!*is_rest_zero) return pass_stray_bytes(place_ + kBlockBytes);
    check_.unowned(fmt::format("segments/{}: {} unused bytes from {} on", name_,
                               size_bytes_ - place_, place_));
    place_ = size_bytes_;
    return {};
  }

  // Goes on at the next block at which a record begins. Whole blocks before it are the place of a
  // batch that never came to the disk, while one behind it did (SegmentWriter I6): as dead as a
  // record that nobody owns.
  Status pass_stray_bytes(std::uint64_t next_block) {
    const std::uint64_t begin = place_;
    for (place_ = next_block; place_ < size_bytes_; place_ += kBlockBytes) {
      const Result<std::optional<SegmentHeader>> header = header_at(place_);
      if (!header) return std::unexpected(header.error());
      if (*header) break;
    }
    if (place_ < size_bytes_ && begin % kBlockBytes == 0) {
      check_.report.dead_bytes += place_ - begin;
      return {};
    }
    place_ = std::min(place_, size_bytes_);
    check_.unowned(
        fmt::format("segments/{}: bytes {} to {} belong to no record", name_, begin, place_));
    return {};
  }

  Result<bool> is_record_live(const SegmentHeader& header) const {
    const Result<std::optional<BlobRecord>> record = find_blob(check_.database, header.id);
    if (!record && record.error().code == Errc::corrupt) return true;  // told with the records
    if (!record) return std::unexpected(record.error());
    const BlobLocation here{.tier = Tier::segment,
                            .segment_core = segment_.core,
                            .segment_number = segment_.number,
                            .segment_offset = place_ + kSegmentHeaderBytes};
    return *record && (*record)->location == here;
  }

  // The header at `offset`, if it is one and says that it lies there.
  Result<std::optional<SegmentHeader>> header_at(std::uint64_t offset) const {
    std::array<std::byte, kSegmentHeaderBytes> bytes{};
    const Result<std::size_t> got = read_up_to(file_.get(), bytes, offset);
    if (!got) return std::unexpected(got.error());
    std::optional<SegmentHeader> header;
    if (*got == bytes.size()) header = decode_header(bytes);
    const bool is_at_home =
        header && header->segment == segment_ && header->record_offset == offset;
    return is_at_home ? header : std::nullopt;
  }

  Result<bool> is_zero(std::uint64_t begin, std::uint64_t end) {
    buffer_.resize(kReadBytes);
    while (begin < end) {
      const std::span<std::byte> wanted =
          std::span(buffer_).first(std::min<std::uint64_t>(end - begin, kReadBytes));
      const Status got = read_exactly(file_.get(), wanted, begin);
      if (!got) return std::unexpected(got.error());
      if (std::ranges::any_of(wanted, [](std::byte byte) { return byte != std::byte{0}; }))
        return false;
      begin += wanted.size();
    }
    return true;
  }

  StoreCheck& check_;
  SegmentId segment_;
  std::string name_;
  Fd file_;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t place_ = 0;
  std::vector<std::byte> buffer_;
};

}  // namespace

Status check_segments(StoreCheck& check) {
  const Result<std::vector<std::string>> names = list_directory(check.directory.segments_fd());
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    const std::optional<SegmentId> segment = parse_segment_id(name);
    if (!segment) {
      check.problem("segments/" + name + ": no name of ours at this place");
      continue;
    }
    ++check.report.segments;
    if (const Status walked = SegmentWalk(check, *segment, name).run(); !walked) return walked;
  }
  return {};
}

}  // namespace mooring
