// The access log: nobody forges a line (N15), no secret is written, no core waits.
#include "mooring/app/access_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

#include "mooring/base/json_reader.h"
#include "mooring/base/utf8.h"

namespace mooring {
namespace {

AccessRecord plain_record() {
  return {.wall_ms = 1'740'657'600'007,
          .peer = "192.0.2.7",
          .user = "user-a",
          .organization = "org-a",
          .method = "POST",
          .path = "/v1/pictures/asset/7",
          .query = "limit=3",
          .referer = "http://example.org/page",
          .user_agent = "curl/7.88.1",
          .family = "pictures",
          .status = 201,
          .received_bytes = 1000,
          .sent_bytes = 250,
          .stage_ns = {12'000, 3'000, 0, 0, 0, 450'000, 0, 900'999}};
}

std::string line_of(const AccessRecord& record, AccessLog format) {
  std::string line;
  append_access_line(line, record, format);
  return line;
}

std::string masked(std::string_view query) {
  std::string out;
  append_masked_query(out, query);
  return out;
}

TEST(AccessLine, TextIsInCombinedOrderWithStagesBehind) {
  EXPECT_EQ(line_of(plain_record(), AccessLog::text),
            "192.0.2.7 - user-a [27/Feb/2025:12:00:00 +0000] "
            "\"POST /v1/pictures/asset/7?limit=3 HTTP/1.1\" 201 250 "
            "\"http://example.org/page\" \"curl/7.88.1\" pictures org=org-a in=1000 "
            "head=12 authorise=3 commit=450 whole=900\n");
}

TEST(AccessLine, TextShowsDashesForWhatIsNotThere) {
  EXPECT_EQ(
      line_of({.method = "GET", .path = "/", .status = 401, .refused_early = Errc::unauthenticated},
              AccessLog::text),
      "- - - [01/Jan/1970:00:00:00 +0000] \"GET / HTTP/1.1\" 401 0 \"-\" \"-\" - org=- in=0 "
      "refused=unauthenticated\n");
}

TEST(AccessLine, JsonIsOneObjectWithTheSameValues) {
  const std::string line = line_of(plain_record(), AccessLog::json);
  ASSERT_TRUE(line.ends_with("}\n"));
  const Result<JsonValue> json = parse_json(line.substr(0, line.size() - 1));
  ASSERT_TRUE(json) << line;
  EXPECT_EQ(*json->find_string("time"), "2025-02-27T12:00:00.007Z");
  EXPECT_EQ(*json->find_string("target"), "/v1/pictures/asset/7?limit=3");
  EXPECT_EQ(*json->find_string("organization"), "org-a");
  EXPECT_EQ(json->find("status")->as_integer(), 201);
  EXPECT_EQ(json->find("sent")->as_integer(), 250);
  EXPECT_EQ(json->find("us")->find("commit")->as_integer(), 450);
  EXPECT_EQ(json->find("us")->find("hash"), nullptr);
}

TEST(AccessLine, N15NoByteOfAClientEndsALineOrAQuote) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  AccessRecord record = plain_record();
  record.user = record.organization = record.path = record.query = every_byte;
  record.referer = record.user_agent = record.method = record.peer = every_byte;
  const std::string text = line_of(record, AccessLog::text);
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  EXPECT_EQ(std::ranges::count(text, '"'), 6);
  for (const char c : text.substr(0, text.size() - 1))
    ASSERT_TRUE(c >= 0x20 && c < 0x7f) << static_cast<int>(c);
  EXPECT_NE(text.find("\\x0a"), std::string::npos);
  EXPECT_NE(text.find("\\x1b"), std::string::npos);

  const std::string json = line_of(record, AccessLog::json);
  EXPECT_EQ(std::ranges::count(json, '\n'), 1);
  EXPECT_TRUE(valid_utf8(json));
  EXPECT_TRUE(parse_json(json.substr(0, json.size() - 1)));
}

TEST(AccessLine, JsonKeepsTextOfPeopleAndEscapesControlCharactersBeyondAscii) {
  AccessRecord record = plain_record();
  record.user_agent =
      "K\xc3\xb6ln \xc2\x9b"
      "31m";
  const std::string line = line_of(record, AccessLog::json);
  EXPECT_NE(line.find("K\xc3\xb6ln \\u009b31m"), std::string::npos) << line;
}

TEST(AccessLine, CapabilitiesInPathsAreMasked) {
  const std::string key = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(masked_path("/asset/" + key), "/asset/01234567***");
  EXPECT_EQ(masked_path("/asset/" + key + ".png"), "/asset/01234567***.png");
  EXPECT_EQ(masked_path("/" + key + "/a/" + key), "/01234567***/a/01234567***");
  for (const std::string& path : {"/asset/" + key.substr(1), "/asset/" + key + "0", "/a" + key,
                                  std::string("/"), std::string("*"), std::string()})
    EXPECT_EQ(masked_path(path), path);
  AccessRecord record;
  record.method = "GET";
  const std::string path = "/asset/" + key;
  const std::string referer = "http://h" + path + "?a=1";
  record.path = path;
  record.referer = referer;
  for (const AccessLog format : {AccessLog::text, AccessLog::json}) {
    std::string line;
    append_access_line(line, record, format);
    EXPECT_EQ(line.find(key), line.npos) << line;
    EXPECT_NE(line.find("/asset/01234567***?a=1"), line.npos) << line;
  }
}

TEST(AccessLine, SecretsOfQueriesAreMasked) {
  EXPECT_EQ(masked("a=1&token=abc&b=2"), "a=1&token=***&b=2");
  EXPECT_EQ(masked("access_token=a/b;c&key=k"), "access_token=***&key=***");
  EXPECT_EQ(masked("API_KEY=k"), "API_KEY=***");
  EXPECT_EQ(masked("%74oken=abc"), "%74oken=***");
  EXPECT_EQ(masked("to%6Ben=abc&x"), "to%6Ben=***&x");
  EXPECT_EQ(masked("a=1;token=abc"), "a=1;token=***");
  EXPECT_EQ(masked("a?token=abc"), "a?token=***");
  EXPECT_EQ(masked("token=a=b"), "token=***");
  EXPECT_EQ(masked("token=&token"), "token=***&token");
  EXPECT_EQ(masked("keyword=abc&limit=3&monkeys=2"), "keyword=abc&limit=3&monkeys=2");
  EXPECT_EQ(masked(""), "");
  EXPECT_EQ(masked("&&"), "&&");
}

TEST(AccessLine, SecretsOfTheRefererAreMaskedToo) {
  AccessRecord record = plain_record();
  record.query = "token=secret-1";
  record.referer = "http://example.org/p?x=1&access_token=secret-2#id_token=secret-3";
  for (const AccessLog format : {AccessLog::text, AccessLog::json}) {
    const std::string line = line_of(record, format);
    EXPECT_EQ(line.find("secret-"), std::string::npos) << line;
    EXPECT_NE(line.find("x=1&access_token=***"), std::string::npos) << line;
  }
}

TEST(AccessLine, IsBoundedWhateverAClientSends) {
  const std::string long_text(1'000'000, '\x01');
  const std::string long_utf8 = [] {
    std::string text = "x";
    for (int i = 0; i < 10'000; ++i) text += "\xc3\xb6";
    return text;
  }();
  AccessRecord record = plain_record();
  record.path = record.query = record.user_agent = record.referer = long_text;
  for (const AccessLog format : {AccessLog::text, AccessLog::json})
    EXPECT_LT(line_of(record, format).size(), 6 * 4 * kAccessFieldBytesMax);
  record.path = record.query = record.referer = "";
  record.user_agent = long_utf8;
  EXPECT_TRUE(valid_utf8(line_of(record, AccessLog::json)));
}

/// A pipe whose reading end collects everything in the background.
class Collector {
 public:
  Collector() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    read_end_ = Fd(ends[0]);
    write_end_ = Fd(ends[1]);
  }
  [[nodiscard]] int fd() const { return write_end_.get(); }
  void start() {
    reader_ = std::thread([this] {
      std::array<char, 4096> bytes;
      for (ssize_t n; (n = ::read(read_end_.get(), bytes.data(), bytes.size())) > 0;)
        text_.append(bytes.data(), static_cast<std::size_t>(n));
    });
  }
  std::string finish() {
    write_end_.reset();
    reader_.join();
    return text_;
  }
  void stop_reading() { read_end_.reset(); }

 private:
  Fd read_end_, write_end_;
  std::string text_;
  std::thread reader_;
};

TEST(AccessLogWriter, WritesTheLinesOfEachCoreWholeAndInOrder) {
  constexpr std::size_t kCores = 4;
  constexpr int kLines = 2000;
  Collector collector;
  collector.start();
  {
    AccessLogWriter log({.fd = collector.fd()}, kCores);
    std::vector<std::thread> cores;
    for (std::size_t core = 0; core < kCores; ++core)
      cores.emplace_back([&log, core] {
        const std::string user = "core" + std::to_string(core);
        for (int i = 0; i < kLines; ++i) {
          const std::string path = "/" + std::to_string(i);
          log.buffer(core).append({.user = user, .method = "GET", .path = path, .status = 200});
          if (i % 100 == 99) log.flush();  // so that nothing has to be dropped
        }
      });
    for (std::thread& core : cores) core.join();
    log.flush();
    EXPECT_EQ(log.counters().written, kCores * kLines);
    EXPECT_EQ(log.counters().dropped, 0u);
  }
  const std::string text = collector.finish();
  std::array<int, kCores> next{};
  std::size_t at = 0;
  for (std::size_t end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string line = text.substr(at, end - at);
    ASSERT_TRUE(line.starts_with("- - core")) << line;
    const auto core = static_cast<std::size_t>(line[8] - '0');
    ASSERT_LT(core, kCores);
    EXPECT_NE(line.find("\"GET /" + std::to_string(next[core]++) + " HTTP/1.1\" 200 "),
              std::string::npos)
        << line;
  }
  for (const int lines : next) EXPECT_EQ(lines, kLines);
}

TEST(AccessLogWriter, DropsAndCountsWhatAStalledReaderDoesNotTake) {
  Collector nobody_reads;
  constexpr int kLines = 20'000;
  AccessLogWriter log({.fd = nobody_reads.fd(), .buffer_bytes = 16_KiB}, 1);
  for (int i = 0; i < kLines; ++i) log.buffer(0).append(plain_record());
  // 64 KiB in the pipe, 16 KiB in the buffer: most of some 4 MB had no place.
  EXPECT_GT(log.counters().dropped, kLines / 2u);
  EXPECT_LT(log.counters().dropped, static_cast<std::uint64_t>(kLines));
}

TEST(AccessLogWriter, EveryLineIsWrittenOrDroppedAlsoWhenTheReaderIsGone) {
  Collector gone;
  gone.stop_reading();
  AccessLogWriter log({.fd = gone.fd()}, 1);
  for (int i = 0; i < 100; ++i) log.buffer(0).append(plain_record());
  log.flush();
  EXPECT_EQ(log.counters().written, 0u);
  EXPECT_EQ(log.counters().dropped, 100u);
}

TEST(AccessLogWriter, WritesWhatIsLeftWhenItStops) {
  Collector collector;
  collector.start();
  {
    AccessLogWriter log({.format = AccessLog::json, .fd = collector.fd()}, 2);
    log.buffer(1).append(plain_record());
  }
  EXPECT_TRUE(collector.finish().ends_with("}\n"));
}

}  // namespace
}  // namespace mooring
