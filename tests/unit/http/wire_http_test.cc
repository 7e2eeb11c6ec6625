// Every HTTP case of tests/data/wire-cases.json against the parsers: whole, byte by byte, and cut
// in two at every place. The outcome must be the expected one and must not depend on the cut.

#include <gtest/gtest.h>

#include <cctype>
#include <map>
#include <set>

#include "wire_cases.h"
#include "wire_connection.h"

namespace mooring {
namespace {

// The statuses an expectation names: "400/404" is {400, 404}, "2xx len=5 or 400" is {200, 400}.
std::set<int> statuses_in(const std::string& expect) {
  std::set<int> result;
  for (std::size_t i = 0; i + 3 <= expect.size(); ++i) {
    const std::string word = expect.substr(i, 3);
    const bool bounded =
        (i == 0 || !std::isalnum(static_cast<unsigned char>(expect[i - 1]))) &&
        (i + 3 == expect.size() || !std::isalnum(static_cast<unsigned char>(expect[i + 3])));
    if (!bounded) continue;
    if (word == "2xx") result.insert(200);
    if (std::isdigit(static_cast<unsigned char>(word[0])) &&
        std::isdigit(static_cast<unsigned char>(word[1])) &&
        std::isdigit(static_cast<unsigned char>(word[2])))
      result.insert(std::stoi(word));
  }
  return result;
}

// Where the expectation is about more than framing, what the parsers alone have to answer.
const std::map<std::string, std::set<int>> kParserAnswers = {
    {"H022", {200}},  // the 100 in front of it is the connection's
    {"H049", {200}},  // the smuggled request stays a body
    {"H063", {200}},  // Content-Length wins over Transfer_Encoding
    {"H103", {200}},  // accepted head, but the body never completes
    {"H188", {200}},  // 401 is the policy's
    {"H189", {200}},  // 413 is the route's
};

const std::set<std::string> kIncomplete = {"H103", "H188", "H189"};

void expect_outcome(const WireCase& one, const std::vector<WireMessage>& messages) {
  ASSERT_FALSE(messages.empty()) << one.id;
  const WireMessage& first = messages.front();
  const auto special = kParserAnswers.find(one.id);
  const std::set<int> allowed =
      special == kParserAnswers.end() ? statuses_in(one.expect) : special->second;
  ASSERT_FALSE(allowed.empty()) << one.id << " expects " << one.expect;
  EXPECT_TRUE(allowed.contains(first.status))
      << one.id << " expects " << one.expect << ", got " << first.status;
  EXPECT_EQ(first.complete, !kIncomplete.contains(one.id)) << one.id;
  if (const std::size_t at = one.expect.find("len=");
      first.status == 200 && at != std::string::npos)
    EXPECT_EQ(first.body_bytes, std::stoull(one.expect.substr(at + 4))) << one.id;
  if (one.expect == "200 close") EXPECT_FALSE(first.keep_alive) << one.id;
  for (const WireMessage& message : messages)
    EXPECT_EQ(message.target.find("/smuggled"), std::string::npos) << one.id;
}

TEST(WireHttp, EveryCaseHasItsExpectedOutcome) {
  const auto cases = load_wire_cases("http");
  ASSERT_GE(cases.size(), 118u);
  for (const WireCase& one : cases) expect_outcome(one, read_wire(one.bytes, {}));
}

TEST(WireHttp, PipelinedRequestsAreAllSeen) {
  for (const WireCase& one : load_wire_cases("http")) {
    if (one.id != "H011" && one.id != "H012") continue;
    const auto messages = read_wire(one.bytes, {});
    ASSERT_EQ(messages.size(), 2u) << one.id;
    EXPECT_EQ(messages[1].status, 200);
    EXPECT_TRUE(messages[1].complete);
  }
}

TEST(WireHttp, ExcessBytesBeginTheNextRequestAndAreRefused) {
  const auto messages =
      read_wire("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloX\x01", {});
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].body_bytes, 5u);
  EXPECT_EQ(messages[1].status, 400);
}

TEST(WireHttp, OneByteAtATimeGivesTheSameOutcome) {
  for (const WireCase& one : load_wire_cases("http")) {
    std::vector<std::size_t> ends;
    for (std::size_t end = 1; end < one.bytes.size(); ++end) ends.push_back(end);
    EXPECT_EQ(read_wire(one.bytes, ends), read_wire(one.bytes, {})) << one.id;
  }
}

TEST(WireHttp, EveryCutInTwoGivesTheSameOutcome) {
  for (const WireCase& one : load_wire_cases("http")) {
    const auto whole = read_wire(one.bytes, {});
    for (const std::size_t cut : cuts_of(one.bytes.size()))
      ASSERT_EQ(read_wire(one.bytes, {cut}), whole) << one.id << " cut at " << cut;
  }
}

}  // namespace
}  // namespace mooring
