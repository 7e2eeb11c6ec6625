#include "mooring/blob/segment_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "mooring/base/check.h"
#include "mooring/base/digest.h"

namespace mooring {

namespace {

constexpr std::string_view kMagic = "moorblob";
constexpr std::uint16_t kVersion = 1;

// Places of the table in segment_format.h.
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kOrdinalAt = 10;
constexpr std::size_t kLengthAt = 12;
constexpr std::size_t kHashHiAt = 16;
constexpr std::size_t kHashLoAt = 24;
constexpr std::size_t kOffsetAt = 32;
constexpr std::size_t kNumberAt = 40;
constexpr std::size_t kCoreAt = 44;
constexpr std::size_t kZeroAt = 46;
constexpr std::size_t kChecksumAt = 56;

template <typename Integer>
constexpr Integer in_order(Integer value, std::endian order) noexcept {
  return std::endian::native == order ? value : std::byteswap(value);
}

template <typename Integer>
void put(MutableBytes into, std::size_t at, Integer value,
         std::endian order = std::endian::little) noexcept {
  value = in_order(value, order);
  std::memcpy(into.data() + at, &value, sizeof value);
}

template <typename Integer>
Integer get(Bytes from, std::size_t at, std::endian order = std::endian::little) noexcept {
  Integer value{};
  std::memcpy(&value, from.data() + at, sizeof value);
  return in_order(value, order);
}

template <typename Integer>
bool parse_decimal(std::string_view text, Integer& value) noexcept {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string to_string(const SegmentId& segment) {
  return fmt::format("{}-{}", segment.core, segment.number);
}

std::optional<SegmentId> parse_segment_id(std::string_view name) noexcept {
  const std::size_t dash = name.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  SegmentId segment;
  if (!parse_decimal(name.substr(0, dash), segment.core)) return std::nullopt;
  if (!parse_decimal(name.substr(dash + 1), segment.number)) return std::nullopt;
  return segment;
}

void encode_header(const SegmentHeader& header, MutableBytes into) noexcept {
  MOORING_CHECK(into.size() >= kSegmentHeaderBytes, "no room for a segment header");
  std::memset(into.data(), 0, kSegmentHeaderBytes);
  std::memcpy(into.data(), kMagic.data(), kMagic.size());
  put(into, kVersionAt, kVersion);
  put(into, kOrdinalAt, header.id.ordinal);
  put(into, kLengthAt, header.content_bytes);
  put(into, kHashHiAt, header.id.hash.hi, std::endian::big);
  put(into, kHashLoAt, header.id.hash.lo, std::endian::big);
  put(into, kOffsetAt, header.record_offset);
  put(into, kNumberAt, header.segment.number);
  put(into, kCoreAt, header.segment.core);
  put(into, kChecksumAt, xxh3_64(into.first(kChecksumAt)));
}

std::optional<SegmentHeader> decode_header(Bytes from) noexcept {
  if (from.size() < kSegmentHeaderBytes) return std::nullopt;
  if (as_text(from.first(kMagic.size())) != kMagic) return std::nullopt;
  if (get<std::uint64_t>(from, kChecksumAt) != xxh3_64(from.first(kChecksumAt)))
    return std::nullopt;
  if (get<std::uint16_t>(from, kVersionAt) != kVersion) return std::nullopt;
  const Bytes zeros = from.subspan(kZeroAt, kChecksumAt - kZeroAt);
  if (std::ranges::any_of(zeros, [](std::byte b) { return b != std::byte{0}; }))
    return std::nullopt;
  SegmentHeader header;
  header.id.hash.hi = get<std::uint64_t>(from, kHashHiAt, std::endian::big);
  header.id.hash.lo = get<std::uint64_t>(from, kHashLoAt, std::endian::big);
  header.id.ordinal = get<std::uint16_t>(from, kOrdinalAt);
  header.content_bytes = get<std::uint32_t>(from, kLengthAt);
  header.record_offset = get<std::uint64_t>(from, kOffsetAt);
  header.segment.number = get<std::uint32_t>(from, kNumberAt);
  header.segment.core = get<std::uint16_t>(from, kCoreAt);
  return header;
}

}  // namespace mooring
