// Reading a JSON body: in pieces, to its end, never beyond its limit.
#include "mooring/api/json_body.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

namespace mooring {
namespace {

/// A body that is all in memory: some of it arrived with the head, the rest comes in pieces.
class MemoryBody final : public BodyReader {
 public:
  std::string arrived;
  std::string rest;
  std::size_t piece_bytes = 7;
  std::optional<std::uint64_t> declared;
  std::optional<Errc> trouble;  ///< after the rest
  std::size_t reads = 0;

  [[nodiscard]] std::optional<std::uint64_t> declared_bytes() const noexcept override {
    return declared;
  }
  [[nodiscard]] Bytes take_arrived() noexcept override {
    taken_ = true;
    return as_bytes(arrived);
  }
  [[nodiscard]] Task<Result<std::size_t>> read(MutableBytes into) override {
    ++reads;
    EXPECT_FALSE(into.empty());
    if (rest.empty() && trouble) co_return fail(*trouble, "test");
    const std::size_t size_bytes = std::min({piece_bytes, into.size(), rest.size()});
    std::memcpy(into.data(), rest.data(), size_bytes);
    rest.erase(0, size_bytes);
    co_return size_bytes;
  }
  /// As on a connection: the end of a chunked body shows only in a read that gives nothing.
  [[nodiscard]] bool at_end() const noexcept override { return taken_ && declared && rest.empty(); }

 private:
  bool taken_ = false;
};

struct Started {
  struct promise_type {
    Started get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

Started start(Task<Result<std::string>> task, std::optional<Result<std::string>>& answer) {
  Result<std::string> text = co_await std::move(task);
  answer.emplace(std::move(text));
}

/// Reads `body`, whose coroutines never wait.
Result<std::string> read(MemoryBody& body, std::size_t bytes_max) {
  std::optional<Result<std::string>> answer;
  start(read_text_body(body, bytes_max), answer);
  EXPECT_TRUE(answer.has_value());
  return answer.value_or(fail(Errc::internal, "the task waits"));
}

TEST(JsonBody, WhatArrivedAndWhatFollowsAreOneText) {
  MemoryBody body;
  body.arrived = "{\"name\":";
  body.rest = "\"a name of some length\"}";
  body.declared = body.arrived.size() + body.rest.size();
  EXPECT_EQ(read(body, 100), "{\"name\":\"a name of some length\"}");
}

TEST(JsonBody, ABodyThatArrivedWholeIsNotReadFor) {
  MemoryBody body;
  body.arrived = "{}";
  body.declared = 2;
  EXPECT_EQ(read(body, 2), "{}");
  EXPECT_EQ(body.reads, 0u);
}

TEST(JsonBody, AChunkedBodyIsReadToItsEnd) {
  MemoryBody body;
  body.rest = std::string(100'000, 'x');
  body.piece_bytes = 60'000;
  EXPECT_EQ(read(body, 100'000), std::string(100'000, 'x'));
}

TEST(JsonBody, NoBodyIsAnEmptyText) {
  MemoryBody body;
  body.declared = 0;
  EXPECT_EQ(read(body, 10), "");
}

TEST(JsonBody, ADeclaredLengthOverTheLimitIsRefusedUnread) {
  MemoryBody body;
  body.declared = 11;
  body.rest = "12345678901";
  const auto text = read(body, 10);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Errc::too_large);
  EXPECT_EQ(body.reads, 0u);
}

TEST(JsonBody, AChunkedBodyMayFillTheLimitAndNotPassIt) {
  MemoryBody fitting;
  fitting.rest = "1234567890";
  EXPECT_EQ(read(fitting, 10), "1234567890");
  MemoryBody passing;
  passing.rest = "12345678901" + std::string(1'000'000, 'x');
  const auto text = read(passing, 10);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Errc::too_large);
  EXPECT_LE(passing.reads, 3u) << "it is not read on";
}

TEST(JsonBody, AnErrorOfTheConnectionIsTheAnswer) {
  MemoryBody body;
  body.rest = "123";
  body.trouble = Errc::peer_closed;
  const auto text = read(body, 10);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Errc::peer_closed);
}

TEST(JsonBody, TheTypeIsJsonOrNotStated) {
  EXPECT_TRUE(is_json_type(std::nullopt));
  EXPECT_TRUE(is_json_type("application/json"));
  EXPECT_TRUE(is_json_type("Application/JSON; charset=utf-8"));
  EXPECT_FALSE(is_json_type("text/json"));
  EXPECT_FALSE(is_json_type("multipart/form-data; boundary=x"));
  EXPECT_FALSE(is_json_type("application/jsonp"));
  EXPECT_FALSE(is_json_type(""));
}

}  // namespace
}  // namespace mooring
