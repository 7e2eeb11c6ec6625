#include "mooring/http/request_head.h"

#include <gtest/gtest.h>

#include <string>

namespace mooring {
namespace {

Errc error_of(const std::string& bytes, const HeadLimits& limits = {}) {
  HeadParser parser(limits);
  const auto result = parser.parse(bytes);
  EXPECT_FALSE(result) << bytes.substr(0, 100);
  return result ? Errc::internal : result.error().code;
}

// A request line, Host, and the given lines.
std::string with(const std::string& lines, const std::string& line = "POST /e HTTP/1.1") {
  return line + "\r\nHost: h\r\n" + lines + "\r\n";
}

TEST(RequestHead, SplitsTargetAndFields) {
  const std::string bytes =
      "GET /a/b%20c?x=1&y HTTP/1.1\r\nHost: example.org:80\r\nX-Trim: \t a b "
      "\t\r\nEmpty:\r\n\r\nrest";
  HeadParser parser;
  const auto length = parser.parse(bytes);
  ASSERT_TRUE(length && *length);
  EXPECT_EQ(**length, bytes.size() - 4);
  const RequestHead& head = parser.head();
  EXPECT_EQ(head.method, Method::get);
  EXPECT_EQ(head.target, "/a/b%20c?x=1&y");
  EXPECT_EQ(head.path, "/a/b%20c");
  EXPECT_EQ(head.query, "x=1&y");
  EXPECT_EQ(head.host, "example.org:80");
  EXPECT_EQ(head.minor_version, 1);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(head.body, BodyKind::none);
  ASSERT_EQ(head.fields.size(), 3u);
  EXPECT_EQ(head.find("x-tRIM"), "a b");
  EXPECT_EQ(head.find("empty"), "");
  EXPECT_FALSE(head.find("absent"));
}

TEST(RequestHead, KnowsEveryMethodAndNoOther) {
  for (const Method method : {Method::get, Method::head, Method::post, Method::put, Method::patch,
                              Method::del, Method::options}) {
    HeadParser parser;
    const std::string bytes = with("", std::string(name_of(method)) + " / HTTP/1.1");
    ASSERT_TRUE(parser.parse(bytes)) << name_of(method);
    EXPECT_EQ(parser.head().method, method);
  }
  for (const char* method : {"get", "TRACE", "CONNECT", "PRI", "M-SEARCH", "GETT", "GE"})
    EXPECT_EQ(error_of(with("", std::string(method) + " / HTTP/1.1")), Errc::not_implemented)
        << method;
}

TEST(RequestHead, DecidesALongMethodAtTheByteBehindTheLimit) {
  HeadParser parser;
  const std::string bytes(33, 'A');
  EXPECT_TRUE(parser.parse(std::string_view(bytes).substr(0, 32)));
  const auto result = parser.parse(bytes);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::not_implemented);
}

TEST(RequestHead, RequestLineMayHaveExactlyItsLimit) {
  const auto line = [](std::size_t bytes) {
    return "GET /" + std::string(bytes - 14, 'a') + " HTTP/1.1";
  };
  HeadParser parser;
  const std::string bytes = with("", line(8192));
  EXPECT_TRUE(parser.parse(bytes));
  EXPECT_EQ(error_of(with("", line(8193))), Errc::uri_too_long);
  EXPECT_EQ(error_of("GET /" + std::string(8200, 'a')), Errc::uri_too_long);
}

TEST(RequestHead, HeadMayHaveExactlyItsLimit) {
  const std::string frame = with("X: \r\n");
  HeadParser parser;
  const std::string bytes = with("X: " + std::string(16384 - frame.size(), 'a') + "\r\n");
  ASSERT_EQ(bytes.size(), 16384u);
  const auto length = parser.parse(bytes);
  ASSERT_TRUE(length);
  EXPECT_EQ(*length, 16384u);
  EXPECT_EQ(error_of(with("X: " + std::string(16385 - frame.size(), 'a') + "\r\n")),
            Errc::head_too_large);
}

TEST(RequestHead, HasAtMostAHundredFields) {
  std::string lines;
  for (int i = 0; i < 99; ++i) lines += "a:b\r\n";
  HeadParser parser;
  const std::string bytes = with(lines);
  ASSERT_TRUE(parser.parse(bytes));
  EXPECT_EQ(parser.head().fields.size(), 100u);
  EXPECT_EQ(error_of(with(lines + "a:b\r\n")), Errc::head_too_large);
}

TEST(RequestHead, SkipsOneEmptyLineBeforeTheRequest) {
  HeadParser parser;
  const std::string bytes = "\r\n" + with("");
  const auto length = parser.parse(bytes);
  ASSERT_TRUE(length);
  EXPECT_EQ(*length, bytes.size());
  EXPECT_EQ(error_of("\r\n\r\n" + with("")), Errc::bad_framing);
  EXPECT_EQ(error_of("\n" + with("")), Errc::bad_framing);
}

TEST(RequestHead, ReadsTheBodyKindFromTheHead) {
  struct {
    const char* lines;
    BodyKind body;
    std::uint64_t length;
  } const rows[] = {{"", BodyKind::none, 0},
                    {"Content-Length: 0\r\n", BodyKind::none, 0},
                    {"Content-Length: 9223372036854775807\r\n", BodyKind::length, INT64_MAX},
                    {"transfer-ENCODING: Chunked\r\n", BodyKind::chunked, 0}};
  for (const auto& row : rows) {
    HeadParser parser;
    const std::string bytes = with(row.lines);
    ASSERT_TRUE(parser.parse(bytes)) << row.lines;
    EXPECT_EQ(parser.head().body, row.body) << row.lines;
    EXPECT_EQ(parser.head().content_length, row.length) << row.lines;
  }
}

TEST(RequestHead, RefusesEveryDoubtfulLength) {
  for (const char* value : {"00", "05", "1_0", "0x5", "5 5", "5,5", "\t", "99999999999999999999"})
    EXPECT_EQ(error_of(with("Content-Length: " + std::string(value) + "\r\n")), Errc::bad_framing)
        << value;
  EXPECT_EQ(error_of(with("Content-Length: 9223372036854775808\r\n")), Errc::too_large);
  EXPECT_EQ(error_of(with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")),
            Errc::bad_framing);
  for (const char* coding :
       {"gzip", "identity", "chunked, gzip", "chunked;q=1", "xchunked", ",chunked"})
    EXPECT_EQ(error_of(with("Transfer-Encoding: " + std::string(coding) + "\r\n")),
              Errc::bad_framing)
        << coding;
  EXPECT_EQ(error_of(with("Transfer-Encoding: gzip, chunked\r\n")), Errc::not_implemented);
}

TEST(RequestHead, RefusesASingularFieldTwice) {
  for (const char* name :
       {"Host", "Content-Type", "Authorization", "Range", "If-Match", "If-None-Match",
        "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Idempotency-Key"}) {
    const std::string line = std::string(name) + ": h\r\n";
    EXPECT_EQ(error_of(with(line + line)), Errc::invalid) << name;
  }
  HeadParser parser;
  const std::string bytes = with("Accept: a\r\nAccept: b\r\n");
  EXPECT_TRUE(parser.parse(bytes)) << "a list field may come in several lines";
}

TEST(RequestHead, ChecksTheHost) {
  for (const char* host : {"h", "h:", "h:0", "h:65535", "[::1]", "[::1]:8080", "127.0.0.1:80",
                           "a-b.example.org", "xn--bcher-kva.example", "a%2db", "%41"}) {
    HeadParser parser;
    const std::string bytes = "GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
    EXPECT_TRUE(parser.parse(bytes)) << host;
  }
  for (const char* host :
       {"",    ":80", "h:65536", "h:x",  "h:80:80",  "[::1", "[h]", "[::1]x", "a b",  "a,b", "u@h",
        "h/p", "h?q", "h#f",     "h\\x", "\xc3\xa9", "%",    "h%",  "h%4",    "h%4g", "%%41"})
    EXPECT_EQ(error_of("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), Errc::invalid)
        << host;
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\n\r\n"), Errc::invalid);
}

TEST(RequestHead, AbsoluteFormReplacesTheHost) {
  const std::string bytes = with("", "GET http://other.example:81/p?q HTTP/1.1");
  HeadParser parser;
  ASSERT_TRUE(parser.parse(bytes));
  EXPECT_EQ(parser.head().host, "other.example:81");
  EXPECT_EQ(parser.head().path, "/p");
  EXPECT_EQ(parser.head().query, "q");
  const std::string bare = with("", "GET http://other.example HTTP/1.1");
  parser.reset();
  ASSERT_TRUE(parser.parse(bare));
  EXPECT_EQ(parser.head().path, "/");
  EXPECT_EQ(error_of(with("", "GET http://u@h/ HTTP/1.1")), Errc::invalid);
  EXPECT_EQ(error_of(with("", "GET ftp://h/ HTTP/1.1")), Errc::invalid);
}

TEST(RequestHead, PersistenceFollowsVersionAndConnection) {
  struct {
    const char* version;
    const char* connection;
    bool keep_alive;
  } const rows[] = {{"1.1", "x", true},          {"1.1", "close", false},
                    {"1.1", "x , CLOSE", false}, {"1.0", "x", false},
                    {"1.0", "Keep-Alive", true}, {"1.0", "keep-alive, close", false},
                    {"1.9", "x", true}};
  for (const auto& row : rows) {
    const std::string bytes = with("Connection: " + std::string(row.connection) + "\r\n",
                                   "GET / HTTP/" + std::string(row.version));
    HeadParser parser;
    ASSERT_TRUE(parser.parse(bytes)) << row.version << row.connection;
    EXPECT_EQ(parser.head().keep_alive, row.keep_alive) << row.version << row.connection;
  }
  EXPECT_EQ(error_of(with("", "GET / HTTP/2.0")), Errc::bad_framing);
}

TEST(RequestHead, ExpectContinueNeedsABodyAndVersionOne) {
  struct {
    const char* line;
    const char* lines;
    bool expect;
  } const rows[] = {{"POST / HTTP/1.1", "Content-Length: 5\r\nExpect: 100-Continue\r\n", true},
                    {"POST / HTTP/1.1", "Content-Length: 0\r\nExpect: 100-continue\r\n", false},
                    {"POST / HTTP/1.0", "Content-Length: 5\r\nExpect: 100-continue\r\n", false},
                    {"POST / HTTP/1.1", "Content-Length: 5\r\n", false}};
  for (const auto& row : rows) {
    const std::string bytes = with(row.lines, row.line);
    HeadParser parser;
    ASSERT_TRUE(parser.parse(bytes));
    EXPECT_EQ(parser.head().expect_continue, row.expect) << row.lines;
  }
}

TEST(RequestHead, RefusesEncodedBodiesAndIgnoresUpgrades) {
  EXPECT_EQ(error_of(with("Content-Encoding: gzip\r\n")), Errc::unsupported_media);
  HeadParser parser;
  const std::string bytes = with("Connection: upgrade\r\nUpgrade: websocket\r\n");
  const auto length = parser.parse(bytes);
  ASSERT_TRUE(length);
  EXPECT_EQ(*length, bytes.size());
}

TEST(RequestHead, RefusesFoldedLinesAndBareLineEnds) {
  for (const char* lines : {"X: a\r\n b\r\n", "X: a\r\n\tb\r\n", "X: a\nY: b\r\n", "X: a\rY: b\r\n",
                            "X: a\r\r\n", "X\r\n", "X: a\r\n\n"})
    EXPECT_EQ(error_of(with(lines)), Errc::bad_framing) << lines;
}

TEST(RequestHead, ServesOneRequestAfterTheOther) {
  HeadParser parser;
  const std::string first = with("Connection: close\r\nContent-Length: 3\r\n");
  const std::string second = with("", "GET /second HTTP/1.1");
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(parser.parse(first));
    EXPECT_EQ(parser.head().content_length, 3u);
    parser.reset();
    ASSERT_TRUE(parser.parse(second));
    EXPECT_EQ(parser.head().path, "/second");
    EXPECT_EQ(parser.head().content_length, 0u);
    EXPECT_TRUE(parser.head().keep_alive);
    parser.reset();
  }
}

TEST(RequestHeadDeathTest, RefusesAWindowThatMoved) {
  const std::string one = "GET / HT";
  const std::string two = "GET / HTTP/1.1\r\n\r\n";
  HeadParser parser;
  ASSERT_TRUE(parser.parse(one));
  EXPECT_DEATH((void)parser.parse(two), "moved");
}

}  // namespace
}  // namespace mooring
