#include "mooring/http/chunked.h"

#include <gtest/gtest.h>

#include <string>

namespace mooring {
namespace {

MutableBytes writable(std::string& text) {
  return std::as_writable_bytes(std::span(text));
}

Errc error_of(std::string raw, std::uint64_t body_bytes_max = 1000) {
  ChunkedDecoder decoder(body_bytes_max);
  const auto decoded = decoder.decode(writable(raw));
  EXPECT_FALSE(decoded) << raw.substr(0, 100);
  return decoded ? Errc::internal : decoded.error().code;
}

TEST(Chunked, MovesPayloadToTheFrontAndLeavesTheNextRequest) {
  std::string raw = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET /";
  ChunkedDecoder decoder(1000);
  const auto decoded = decoder.decode(writable(raw));
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->done);
  EXPECT_EQ(raw.substr(0, decoded->payload_bytes), "hello world");
  EXPECT_EQ(raw.substr(decoded->consumed_bytes), "GET /");
  EXPECT_EQ(decoded->moved_bytes, 11u);
  EXPECT_EQ(decoder.body_bytes(), 11u);
  EXPECT_TRUE(decoder.done());
}

TEST(Chunked, PayloadInTheMiddleOfAChunkStaysWhereItIs) {
  ChunkedDecoder decoder(1000);
  std::string line = "a\r\n";
  ASSERT_TRUE(decoder.decode(writable(line)));
  EXPECT_EQ(decoder.remaining_in_chunk(), 10u);
  std::string half = "01234";
  const auto first = decoder.decode(writable(half));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->payload_bytes, 5u);
  EXPECT_EQ(first->moved_bytes, 0u);
  EXPECT_EQ(half, "01234");
  EXPECT_EQ(decoder.remaining_in_chunk(), 5u);
  std::string rest = "56789\r\n0\r\n\r\n";
  const auto second = decoder.decode(writable(rest));
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->done);
  EXPECT_EQ(second->moved_bytes, 0u);
  EXPECT_EQ(rest.substr(0, second->payload_bytes), "56789");
  EXPECT_EQ(decoder.remaining_in_chunk(), 0u);
}

TEST(Chunked, TakesTheExtensionGrammar) {
  for (const char* line : {"1;a", "1;a=b", "1;a=\"b c\"", "1;a=\"\\\"\"", "1;a;b;c=d",
                           "1 ; a = b ;c", "1;a=\"\"", "000000000000001;x"}) {
    std::string raw = std::string(line) + "\r\nX\r\n0;last=1\r\n\r\n";
    ChunkedDecoder decoder(1000);
    const auto decoded = decoder.decode(writable(raw));
    ASSERT_TRUE(decoded) << line;
    EXPECT_TRUE(decoded->done) << line;
    EXPECT_EQ(decoded->payload_bytes, 1u) << line;
  }
  for (const char* line : {"1;", "1;=b", "1;a=", "1;a=\"b", "1;a=\"b\"c", "1 ", "1;a ", "1;a b",
                           "1,", "1;a=\"\x01\"", "1;;a", "1;a=b=c"})
    EXPECT_EQ(error_of(std::string(line) + "\r\nX\r\n0\r\n\r\n"), Errc::bad_framing) << line;
}

TEST(Chunked, BoundsExtensionsPerChunkAndPerMessage) {
  const std::string fits = "1;" + std::string(255, 'a') + "\r\nX\r\n";
  EXPECT_EQ(error_of("1;" + std::string(256, 'a') + "\r\n"), Errc::bad_framing);
  std::string raw;
  for (int i = 0; i < 32; ++i) raw += fits;
  ChunkedDecoder decoder(1000);
  ASSERT_TRUE(decoder.decode(writable(raw))) << "32 * 256 is the limit of a message";
  EXPECT_EQ(error_of(raw + "1;a\r\n"), Errc::bad_framing);
}

TEST(Chunked, DecidesTooLargeOnTheSizeLine) {
  EXPECT_EQ(error_of("3e9\r\n"), Errc::too_large);
  EXPECT_EQ(error_of("ffffffffffffffff\r\n"), Errc::too_large);
  EXPECT_EQ(error_of("5\r\nhello\r\n3e4\r\n"), Errc::too_large);
  ChunkedDecoder decoder(1000);
  std::string raw = "3e8\r\n";
  EXPECT_TRUE(decoder.decode(writable(raw))) << "exactly the limit";
}

TEST(Chunked, BoundsTrailers) {
  const std::string body = "0\r\n";
  std::string fits = body + "a:" + std::string(4092, 'b') + "\r\n\r\n";
  ChunkedDecoder decoder(1000);
  const auto decoded = decoder.decode(writable(fits));
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->done);
  EXPECT_EQ(error_of(body + "a:" + std::string(4093, 'b') + "\r\n\r\n"), Errc::head_too_large);
  for (const char* trailer : {":v", " a:b", "a b:c", "a:\x01", "a:b\nc:d"})
    EXPECT_EQ(error_of(body + trailer + "\r\n\r\n"), Errc::bad_framing) << trailer;
}

TEST(ChunkedDeathTest, RefusesToGoOnAfterTheEnd) {
  std::string raw = "0\r\n\r\n";
  ChunkedDecoder decoder(1000);
  ASSERT_TRUE(decoder.decode(writable(raw)));
  EXPECT_DEATH((void)decoder.decode(writable(raw)), "after the end");
}

}  // namespace
}  // namespace mooring
