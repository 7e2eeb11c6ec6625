#include "mooring/blob/segment_format.h"

#include <gtest/gtest.h>

#include <array>

namespace mooring {
namespace {

SegmentHeader example() {
  SegmentHeader header;
  header.id = {{0x0102030405060708, 0x090a0b0c0d0e0f10}, 3};
  header.segment = {7, 4'000'000'000};
  header.record_offset = 0x1122334455667780;
  header.content_bytes = 4096;
  return header;
}

std::array<std::byte, kSegmentHeaderBytes> encoded(const SegmentHeader& header) {
  std::array<std::byte, kSegmentHeaderBytes> bytes;
  bytes.fill(std::byte{0xff});
  encode_header(header, bytes);
  return bytes;
}

TEST(SegmentFormat, AHeaderComesBackAsItWas) {
  EXPECT_EQ(decode_header(encoded(example())), example());
}

TEST(SegmentFormat, TheBytesAreThoseOfTheTable) {
  const auto bytes = encoded(example());
  EXPECT_EQ(as_text(Bytes(bytes).first(8)), "moorblob");
  EXPECT_EQ(bytes[8], std::byte{1});
  EXPECT_EQ(bytes[10], std::byte{3});
  EXPECT_EQ(bytes[13], std::byte{0x10});
  EXPECT_EQ(bytes[16], std::byte{1}) << "the hash is canonical, most significant byte first";
  EXPECT_EQ(bytes[31], std::byte{0x10});
  EXPECT_EQ(bytes[32], std::byte{0x80}) << "other integers are little-endian";
  EXPECT_EQ(bytes[44], std::byte{7});
}

TEST(SegmentFormat, AnyChangedBitIsNoticed) {
  const auto bytes = encoded(example());
  for (std::size_t bit = 0; bit < 8 * kSegmentHeaderBytes; ++bit) {
    auto damaged = bytes;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_FALSE(decode_header(damaged)) << "bit " << bit;
  }
}

TEST(SegmentFormat, ZerosAndShortInputAreNoHeader) {
  EXPECT_FALSE(decode_header(std::array<std::byte, kSegmentHeaderBytes>{}));
  const auto bytes = encoded(example());
  EXPECT_FALSE(decode_header(Bytes(bytes).first(63)));
}

TEST(SegmentFormat, NamesAreWhatToStringMakesAndNothingElse) {
  const SegmentId segment{12, 345};
  EXPECT_EQ(to_string(segment), "12-345");
  EXPECT_EQ(parse_segment_id("12-345"), segment);
  EXPECT_EQ(parse_segment_id("0-1"), (SegmentId{0, 1}));
  for (const char* text : {"", "-", "1-", "-1", "01-2", "1-02", "1-2x", "1-2-3", " 1-2", "1-+2",
                           "65536-1", "1-4294967296"})
    EXPECT_FALSE(parse_segment_id(text)) << text;
}

TEST(SegmentFormat, RecordsAreAligned) {
  EXPECT_EQ(segment_record_bytes(0), 64u);
  EXPECT_EQ(segment_record_bytes(1), 80u);
  EXPECT_EQ(segment_record_bytes(16), 80u);
  EXPECT_EQ(segment_record_bytes(4096), 4160u);
}

}  // namespace
}  // namespace mooring
