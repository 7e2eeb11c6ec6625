// Contents: different when they should be, and known again.
#include "load/content.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace mooring {
namespace {

std::string whole(const ContentPattern& pattern, const Content& content) {
  std::string bytes;
  for (Bytes piece = pattern.at(content, 0); !piece.empty();
       piece = pattern.at(content, bytes.size()))
    bytes += as_text(piece);
  return bytes;
}

TEST(Content, HasItsSizeAndItsPrefix) {
  const ContentPattern pattern(7);
  for (const std::uint64_t size : {0ull, 1ull, 3ull, 19ull, 20ull, 21ull, 5000ull, 3'000'000ull}) {
    const std::string bytes = whole(pattern, make_content("\xff\xd8\xff\xe0", 1, 2, size));
    EXPECT_EQ(bytes.size(), size);
    EXPECT_EQ(bytes.substr(0, 4), std::string("\xff\xd8\xff\xe0").substr(0, size));
  }
}

TEST(Content, IsDifferentForEveryStamp) {
  const ContentPattern pattern(7);
  std::set<std::string> seen;
  for (std::uint64_t high = 0; high < 4; ++high)
    for (std::uint64_t low = 0; low < 100; ++low)
      seen.insert(whole(pattern, make_content("", high, low, 64)));
  EXPECT_EQ(seen.size(), 400u);
  EXPECT_EQ(whole(pattern, make_content("", 1, 2, 64)), whole(pattern, make_content("", 1, 2, 64)));
}

TEST(Content, IsKnownAgainInAnyPartsAndNothingElseIs) {
  const ContentPattern pattern(7);
  const Content content = make_content("abc", 1, 2, ContentPattern::kPatternBytes * 2 + 500);
  std::string bytes = whole(pattern, content);
  for (const std::size_t step : {1'000u, 65'537u, 2'000'000u})
    for (std::size_t at = 0; at < bytes.size(); at += step)
      EXPECT_TRUE(pattern.equal(
          content, at, as_bytes(bytes).subspan(at).first(std::min(step, bytes.size() - at))));
  for (const std::size_t at : {0ul, 2ul, 18ul, 19ul, 1'048'576ul, bytes.size() - 1}) {
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    EXPECT_FALSE(pattern.equal(content, 0, as_bytes(bytes))) << at;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
  }
  EXPECT_FALSE(pattern.equal(content, 0, as_bytes(bytes + "x"))) << "longer than the content";
}

TEST(Content, ItsDigestIsThatOfItsBytes) {
  const ContentPattern pattern(7);
  const Content content = make_content("abc", 1, 2, 2'500'000);
  EXPECT_EQ(pattern.digest(content), xxh3_128(as_bytes(whole(pattern, content))));
}

}  // namespace
}  // namespace mooring
