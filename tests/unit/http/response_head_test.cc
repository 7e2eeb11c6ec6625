#include "mooring/http/response_head.h"

#include <gtest/gtest.h>

namespace mooring {
namespace {

std::string text_of(const ResponseHead& head) {
  std::string out;
  head.serialise(out);
  return out;
}

TEST(ResponseHead, SerialisesInOrder) {
  ResponseHead head(201);
  head.add("Content-Type", "application/json").add("X-Count", std::uint64_t{7});
  head.date("Sun, 06 Nov 1994 08:49:37 GMT").content_length(12).persistence(Persistence::close);
  EXPECT_EQ(
      text_of(head),
      "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nX-Count: 7\r\n"
      "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\nContent-Length: 12\r\n\r\n");
}

TEST(ResponseHead, AppendsToWhatIsThere) {
  std::string out = "before";
  ResponseHead(404).serialise(out);
  EXPECT_EQ(out, "beforeHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

TEST(ResponseHead, CarriesTheLengthTheStatusAllows) {
  EXPECT_EQ(text_of(ResponseHead(204)), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(text_of(ResponseHead(204).content_length(0)), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(text_of(ResponseHead(304)), "HTTP/1.1 304 Not Modified\r\n\r\n");
  EXPECT_EQ(text_of(ResponseHead(304).content_length(5)),
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(text_of(ResponseHead(200).chunked().persistence(Persistence::keep_alive)),
            "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(text_of(ResponseHead(100)), kContinueResponse);
}

TEST(ResponseHeadDeathTest, StopsWhatWouldSplitAResponse) {
  for (const std::string& value :
       {std::string("a\r\nSet-Cookie: x"), std::string("a\n"), std::string("a\0b", 3)})
    EXPECT_DEATH(ResponseHead(200).add("X", value), "I1");
  EXPECT_DEATH(ResponseHead(200).add("X y", "a"), "I1");
  EXPECT_DEATH(ResponseHead(200).add("", "a"), "I1");
  EXPECT_DEATH(ResponseHead(200).add("content-length", "5"), "I1");
  EXPECT_DEATH(text_of(ResponseHead(200).content_length(5).chunked()), "I2");
  EXPECT_DEATH(text_of(ResponseHead(204).content_length(5)), "I2");
  EXPECT_DEATH(ResponseHead(99), "status");
}

TEST(ResponseHead, EveryErrorHasAStatusWithAPhrase) {
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
    const int status = status_of(static_cast<Errc>(code));
    EXPECT_TRUE(status >= 400 && status <= 599) << code;
    EXPECT_NE(reason_phrase(status), "Unknown") << status;
  }
  EXPECT_EQ(status_of(Errc::no_space), 507);
  EXPECT_EQ(status_of(Errc::head_too_large), 431);
  EXPECT_EQ(reason_phrase(299), "Unknown");
}

}  // namespace
}  // namespace mooring
