#include "mooring/catalog/codec.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

namespace mooring {
namespace {

constexpr std::uint64_t kNumbers[] = {0, 1, 127, 128, 16'383, 16'384, 1ull << 32, ~0ull};
constexpr std::int64_t kSigned[] = {0,
                                    -1,
                                    1,
                                    -64,
                                    64,
                                    std::numeric_limits<std::int64_t>::min(),
                                    std::numeric_limits<std::int64_t>::max()};

TEST(Codec, NumbersComeBack) {
  for (const std::uint64_t number : kNumbers) {
    const std::string bytes = Encoder(1).number(number).take();
    Decoder in(bytes, 1);
    EXPECT_EQ(in.number(), number);
    EXPECT_TRUE(in.finish("test"));
  }
  for (const std::int64_t number : kSigned) {
    const std::string bytes = Encoder(1).signed_number(number).take();
    Decoder in(bytes, 1);
    EXPECT_EQ(in.signed_number(), number);
    EXPECT_TRUE(in.finish("test"));
  }
}

TEST(Codec, EveryKindOfFieldComesBackAndEveryTruncationIsCorrupt) {
  const Uuid id = new_uuid();
  const BlobId blob{{0x0123456789abcdef, 0xfedcba9876543210}, 7};
  const std::optional<std::string> nothing;
  const std::string bytes = Encoder(3)
                                .text(std::string_view("a\0b", 3))
                                .option(std::optional<std::string>("x"))
                                .option(nothing)
                                .uuid(id)
                                .option(std::optional<Uuid>(id))
                                .blob(blob)
                                .flag(true)
                                .number(300)
                                .take();
  const auto decode = [&](std::string_view part) {
    Decoder in(part, 3);
    bool equal = in.text() == std::string_view("a\0b", 3);
    equal = in.optional_text() == "x" && equal;
    equal = in.optional_text() == nothing && equal;
    equal = in.uuid() == id && equal;
    equal = in.optional_uuid() == id && equal;
    equal = in.blob() == blob && equal;
    equal = in.flag() && equal;
    equal = in.number_as<std::uint16_t>() == 300 && equal;
    const Status end = in.finish("test");
    return std::pair(equal, end);
  };
  const auto [equal, end] = decode(bytes);
  EXPECT_TRUE(equal);
  EXPECT_TRUE(end);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto [_, cut] = decode(std::string_view(bytes).substr(0, length));
    ASSERT_FALSE(cut) << length;
    EXPECT_EQ(cut.error().code, Errc::corrupt);
  }
  EXPECT_FALSE(decode(bytes + "x").second) << "bytes left over";
}

TEST(Codec, UnknownVersionsAreCorrupt) {
  for (const std::uint8_t version : std::to_array<std::uint8_t>({0, 3, 255})) {
    Decoder in(Encoder(version).take(), 2);
    EXPECT_FALSE(in.finish("test")) << int{version};
    EXPECT_EQ(in.version(), 0);
  }
  const std::string older = Encoder(1).take();
  Decoder in(older, 2);
  EXPECT_EQ(in.version(), 1);
  EXPECT_TRUE(in.finish("test"));
}

TEST(Codec, LengthsAndNumbersThatLieAreCorrupt) {
  const std::vector<std::string> lies = {
      "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",                   // a text of 2^64-1 bytes
      std::string("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11),  // a 65th bit
      std::string("\x01\x80\x00", 3),                                   // a zero in two bytes
      std::string("\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12),
  };
  for (const std::string& lie : lies) {
    Decoder in(lie, 1);
    EXPECT_EQ(in.text(), "");
    EXPECT_FALSE(in.finish("test"));
  }
}

TEST(Codec, ValuesOutOfRangeAreCorrupt) {
  Decoder flag("\x01\x02", 1);
  (void)flag.flag();
  EXPECT_FALSE(flag.finish("test"));

  const std::string bytes = Encoder(1).number(65'536).take();
  Decoder narrow(bytes, 1);
  EXPECT_EQ(narrow.number_as<std::uint16_t>(), 0);
  EXPECT_FALSE(narrow.finish("test"));

  Decoder tier("\x01\x03", 1);
  EXPECT_EQ(tier.one_of(Tier::segment, Tier::file), Tier::segment);
  EXPECT_FALSE(tier.finish("test"));
}

TEST(Key, BytesOrderLikeTheirNumbers) {
  const std::vector<std::uint32_t> ascending = {0, 1, 255, 256, 65'535, 65'536, ~0u};
  for (std::size_t i = 1; i < ascending.size(); ++i)
    EXPECT_LT(Key().u32(ascending[i - 1]).take(), Key().u32(ascending[i]).take());
}

TEST(Key, ATextIsNeverThePrefixOfAnotherText) {
  EXPECT_FALSE(Key().text("org-12").view().starts_with(Key().text("org-1").view()));
  EXPECT_FALSE(Key().text("a").u16(0).view().starts_with(Key().text("").view()));
}

TEST(Key, ComesApartAsItWasBuilt) {
  const Uuid id = new_uuid();
  const BlobId blob{{1, 2}, 3};
  const std::string bytes =
      Key().u16(1).u32(2).u64(3).uuid(id).blob(blob).text("org").raw("rest").take();
  KeyReader in(bytes);
  EXPECT_EQ(in.u16(), 1);
  EXPECT_EQ(in.u32(), 2u);
  EXPECT_EQ(in.u64(), 3u);
  EXPECT_EQ(in.uuid(), id);
  EXPECT_EQ(in.blob(), blob);
  EXPECT_EQ(in.text(), "org");
  EXPECT_EQ(in.rest(), "rest");
  EXPECT_TRUE(in.finish("test"));

  KeyReader cut(std::string_view(bytes).substr(0, 40));
  (void)cut.u16(), (void)cut.u32(), (void)cut.u64(), (void)cut.uuid(), (void)cut.blob();
  EXPECT_EQ(cut.finish("test").error().code, Errc::corrupt);
}

}  // namespace
}  // namespace mooring
