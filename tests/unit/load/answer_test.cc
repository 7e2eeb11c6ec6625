// Heads of responses, and what is expected of answers.
#include "load/answer.h"

#include <gtest/gtest.h>

#include "load/expectation.h"

namespace mooring {
namespace {

constexpr std::string_view kHead =
    "HTTP/1.1 201 Created\r\nContent-Length: 12\r\nETag: \"abc\"\r\nLocation:  /x/1 \r\n\r\n";

TEST(Answer, IsTheSameHoweverItsBytesArrive) {
  for (std::size_t step = 1; step <= kHead.size(); ++step) {
    AnswerParser parser;
    std::optional<std::size_t> length;
    for (std::size_t seen = 0; !length; seen = std::min(seen + step, kHead.size())) {
      const auto parsed = parser.parse(kHead.substr(0, seen), false);
      ASSERT_TRUE(parsed.has_value());
      ASSERT_TRUE(parsed->has_value() || seen < kHead.size()) << "complete, and not seen";
      length = *parsed;
    }
    EXPECT_EQ(*length, kHead.size());
    EXPECT_EQ(parser.head().status, 201);
    EXPECT_EQ(parser.head().body, AnswerBody::length);
    EXPECT_EQ(parser.head().content_length, 12u);
    EXPECT_EQ(parser.head().etag, "\"abc\"");
    EXPECT_EQ(parser.head().location, "/x/1");
    EXPECT_TRUE(parser.head().keep_alive);
  }
}

AnswerHead head_of(std::string_view text, bool to_head = false) {
  AnswerParser parser;
  const auto parsed = parser.parse(text, to_head);
  EXPECT_TRUE(parsed && *parsed) << text;
  return parser.head();
}

TEST(Answer, FramesItsBodyAsRfc9112Says) {
  EXPECT_EQ(head_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").body,
            AnswerBody::chunked);
  EXPECT_EQ(head_of("HTTP/1.1 200 OK\r\n\r\n").body, AnswerBody::until_close);
  EXPECT_FALSE(head_of("HTTP/1.1 200 OK\r\n\r\n").keep_alive);
  EXPECT_EQ(head_of("HTTP/1.1 204 No Content\r\n\r\n").body, AnswerBody::none);
  EXPECT_EQ(head_of("HTTP/1.1 100 Continue\r\n\r\n").body, AnswerBody::none);
  EXPECT_EQ(head_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true).body, AnswerBody::none);
}

TEST(Answer, SaysWhetherTheConnectionGoesOn) {
  EXPECT_FALSE(head_of("HTTP/1.1 204 x\r\nConnection: close\r\n\r\n").keep_alive);
  EXPECT_FALSE(head_of("HTTP/1.0 204 x\r\n\r\n").keep_alive);
  EXPECT_TRUE(head_of("HTTP/1.0 204 x\r\nConnection: keep-alive\r\n\r\n").keep_alive);
  EXPECT_TRUE(
      head_of("HTTP/1.1 503 x\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n").has_retry_after);
}

TEST(Answer, WhatTwoClientsCouldReadDifferentlyIsNone) {
  for (const char* bad :
       {"HTTP/2 200\r\n\r\n", "hello\r\n\r\n", "HTTP/1.1 2xx\r\n\r\n", "HTTP/1.1 99 x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"})
    EXPECT_FALSE(AnswerParser().parse(bad, false).has_value()) << bad;
}

TEST(Answer, ForgetsTheOneBefore) {
  AnswerParser parser;
  const std::string_view first = "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nRetry-After: 1\r\n\r\n";
  ASSERT_TRUE(parser.parse(first, false)->has_value());
  parser.reset();
  ASSERT_TRUE(parser.parse("HTTP/1.1 204 x\r\n\r\n", false)->has_value());
  EXPECT_EQ(parser.head().etag, "");
  EXPECT_FALSE(parser.head().has_retry_after);
}

TEST(ContentRange, IsReadOrRefused) {
  const auto range = parse_content_range("bytes 5-9/10");
  ASSERT_TRUE(range.has_value());
  EXPECT_EQ(range->first, 5u);
  EXPECT_EQ(range->total, 10u);
  for (const char* bad :
       {"", "bytes 5-9/*", "bytes */10", "bytes 9-5/10", "bytes 5-10/10", "5-9/10"})
    EXPECT_FALSE(parse_content_range(bad)) << bad;
}

TEST(Expectation, EveryTwoHundredIsGoodUnlessSomeAreNamed) {
  LoadOperation operation;
  AnswerHead head;
  head.status = 204;
  EXPECT_FALSE(judge_status(operation, head));
  operation.statuses = {200, 404};
  EXPECT_EQ(judge_status(operation, head), Failure::status);
  head.status = 404;
  EXPECT_FALSE(judge_status(operation, head));
}

TEST(Expectation, SheddingIsA503ThatSaysWhenToComeBack) {
  AnswerHead head;
  head.status = 503;
  EXPECT_EQ(judge_status(LoadOperation(), head), Failure::status);
  head.has_retry_after = true;
  EXPECT_EQ(judge_status(LoadOperation(), head), Failure::shed);
}

TEST(Expectation, JsonHoldsWhatItIsAskedFor) {
  LoadOperation operation;
  operation.json = {{{"data", "id"}, JsonExpectation::Kind::present, ""},
                    {{"type"}, JsonExpectation::Kind::text, "Document"},
                    {{"len"}, JsonExpectation::Kind::content_size, ""}};
  const Content content = make_content("", 1, 2, 100);
  const auto judge = [&](std::string_view text) {
    const Result<JsonValue> json = parse_json(text);
    return judge_json(operation, json ? &*json : nullptr, content);
  };
  EXPECT_FALSE(judge(R"({"data":{"id":"x"},"type":"Document","len":100})"));
  EXPECT_EQ(judge(R"({"data":{"id":null},"type":"Document","len":100})"), Failure::json);
  EXPECT_EQ(judge(R"({"data":{"id":"x"},"type":"Photo","len":100})"), Failure::json);
  EXPECT_EQ(judge(R"({"data":{"id":"x"},"type":"Document","len":99})"), Failure::json);
  EXPECT_EQ(judge("no JSON"), Failure::json);
}

TEST(Expectation, AnEtagIsPresentOrTheDigestOfTheContent) {
  const ContentPattern pattern(1);
  const Content content = make_content("", 1, 2, 5000);
  LoadOperation operation;
  AnswerHead head;
  EXPECT_FALSE(judge_etag(operation, head, content, pattern));
  operation.etag = EtagExpectation::present;
  EXPECT_EQ(judge_etag(operation, head, content, pattern), Failure::etag);
  head.etag = "\"x\"";
  EXPECT_FALSE(judge_etag(operation, head, content, pattern));
  operation.etag = EtagExpectation::content;
  EXPECT_EQ(judge_etag(operation, head, content, pattern), Failure::etag);
  head.etag = '"' + to_hex(pattern.digest(content)) + '"';
  EXPECT_FALSE(judge_etag(operation, head, content, pattern));
}

}  // namespace
}  // namespace mooring
