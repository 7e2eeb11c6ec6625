#include "catalog/index_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace mooring {
namespace {

struct Text final : CachedObject {
  explicit Text(std::size_t size) : bytes(size) {}
  std::size_t bytes;
  [[nodiscard]] std::size_t memory_bytes() const noexcept override { return bytes; }
};

/// Loses the parts that are replaced, and is gone with the last.
struct Parts final : CachedObject {
  explicit Parts(std::set<std::string> all) : parts(std::move(all)) {}
  std::set<std::string> parts;
  [[nodiscard]] std::size_t memory_bytes() const noexcept override { return 100 * parts.size(); }
  [[nodiscard]] std::shared_ptr<const CachedObject> without(
      std::span<const std::string> keys) const override {
    std::set<std::string> left = parts;
    for (const std::string& key : keys) left.erase(key);
    return left.empty() ? nullptr : std::make_shared<Parts>(left);
  }
};

std::shared_ptr<const ReplacedParts> replaced_pages(std::vector<std::uint32_t> pages) {
  return std::make_shared<ReplacedParts>(ReplacedParts{.keys = {}, .pages = std::move(pages)});
}

std::shared_ptr<const ReplacedParts> replaced_key(const std::string& cached,
                                                  const std::string& stored) {
  return std::make_shared<ReplacedParts>(ReplacedParts{.keys = {{cached, {stored}}}, .pages = {}});
}

std::size_t parts_left(IndexCache& cache, std::uint64_t version) {
  const auto found = std::static_pointer_cast<const Parts>(cache.find(1, version, "whole"));
  return found ? found->parts.size() : 0;
}

TEST(IndexCache, HoldsWhatFitsAndLetsTheOldestGo) {
  IndexCache cache(10'000);
  for (int i = 0; i < 20; ++i) {
    cache.insert(1, 0, "k" + std::to_string(i), std::make_shared<Text>(1'000));
    ASSERT_NE(cache.find(1, 0, "k0"), nullptr) << "what is used stays";
    ASSERT_LE(cache.metrics().memory_bytes, 10'000U);
  }
  EXPECT_EQ(cache.find(1, 0, "k5"), nullptr);
  EXPECT_NE(cache.find(1, 0, "k19"), nullptr);
  cache.insert(1, 0, "huge", std::make_shared<Text>(20'000));
  EXPECT_EQ(cache.find(1, 0, "huge"), nullptr);
  EXPECT_NE(cache.find(1, 0, "k19"), nullptr);
}

TEST(IndexCache, PagesAreBoundedWithTheirSlotsAndStayWhileTheyAreUsed) {
  IndexCache cache(20'000);
  for (std::uint32_t page = 0; page < 50; ++page) {
    cache.insert_page(1, 0, page, std::make_shared<Text>(1'000));
    ASSERT_NE(cache.find_page(1, 0, 0), nullptr) << "what is used stays";
    ASSERT_LE(cache.metrics().memory_bytes, 20'000U);
  }
  EXPECT_EQ(cache.find_page(1, 0, 5), nullptr);
  EXPECT_NE(cache.find_page(1, 0, 49), nullptr);
  cache.insert_page(1, 0, 1'000'000, std::make_shared<Text>(10));
  EXPECT_EQ(cache.find_page(1, 0, 1'000'000), nullptr) << "its slots do not fit";
  EXPECT_EQ(cache.find_page(2, 0, 49), nullptr) << "of another organization";
  cache.advance(1, 0, 1, replaced_pages({49, 5'000}));
  EXPECT_EQ(cache.find_page(1, 1, 49), nullptr);
  EXPECT_NE(cache.find_page(1, 1, 0), nullptr);
  EXPECT_EQ(cache.find_page(1, 0, 0), nullptr) << "an older reader gets nothing";
  cache.restart(1, 2);
  EXPECT_EQ(cache.find_page(1, 2, 0), nullptr);
  EXPECT_EQ(cache.metrics().memory_bytes, 0U);
}

TEST(IndexCache, ANewVersionLetsGoOnlyWhatItReplaced) {
  IndexCache cache(100'000);
  cache.insert(1, 0, "same", std::make_shared<Text>(10));
  cache.insert(1, 0, "replaced", std::make_shared<Text>(10));
  cache.insert(2, 0, "other", std::make_shared<Text>(10));
  cache.advance(1, 0, 1, replaced_key("replaced", "part"));
  EXPECT_EQ(cache.version(1), 1U);
  EXPECT_NE(cache.find(1, 1, "same"), nullptr);
  EXPECT_EQ(cache.find(1, 0, "same"), nullptr) << "an older reader gets nothing";
  EXPECT_EQ(cache.find(1, 1, "replaced"), nullptr);
  cache.insert(1, 0, "late", std::make_shared<Text>(10));
  EXPECT_EQ(cache.find(1, 1, "late"), nullptr) << "and leaves nothing";
  cache.restart(1, 9);
  EXPECT_EQ(cache.find(1, 9, "same"), nullptr);
  EXPECT_NE(cache.find(2, 0, "other"), nullptr);
}

TEST(IndexCache, WhatSeveralVersionsReplacedIsGoneBeforeAndAfterItIsSettled) {
  for (const bool settles : {false, true}) {
    IndexCache cache(1'000'000);
    cache.insert(1, 0, "whole", std::make_shared<Parts>(std::set<std::string>{"a", "b", "c"}));
    cache.insert_page(1, 0, 3, std::make_shared<Text>(10));
    cache.insert_page(1, 0, 4, std::make_shared<Text>(10));
    cache.advance(1, 0, 1, replaced_key("whole", "a"));
    cache.advance(1, 1, 2, replaced_key("whole", "c"));
    cache.advance(1, 2, 3, replaced_pages({3}));
    if (settles) cache.settle();
    EXPECT_EQ(parts_left(cache, 3), 1U);
    EXPECT_EQ(parts_left(cache, 3), 1U) << "not again";
    EXPECT_EQ(cache.find_page(1, 3, 3), nullptr);
    EXPECT_NE(cache.find_page(1, 3, 4), nullptr);
    cache.insert_page(1, 3, 3, std::make_shared<Text>(10));
    EXPECT_NE(cache.find_page(1, 3, 3), nullptr) << "it was made after it was replaced";
    cache.advance(1, 3, 4, replaced_key("whole", "b"));
    EXPECT_EQ(parts_left(cache, 4), 0U);
  }
}

TEST(IndexCache, WhatIsMadeAfterItWasReplacedIsWhole) {
  IndexCache cache(1'000'000);
  const auto whole = std::make_shared<Parts>(std::set<std::string>{"a", "b"});
  cache.insert(1, 0, "whole", whole);
  cache.advance(1, 0, 1, replaced_key("whole", "a"));
  cache.insert(1, 1, "whole", whole);
  EXPECT_EQ(parts_left(cache, 1), 2U);
  cache.settle();
  EXPECT_EQ(parts_left(cache, 1), 2U);
}

TEST(IndexCache, WhatIsUnsettledCountsAndDoesNotGrow) {
  IndexCache cache(1'000'000);
  const auto replaced = replaced_key("nobody's", "part");
  std::size_t most = 0;
  for (std::uint64_t version = 0; version < 100; ++version) {
    cache.advance(1, version, version + 1, replaced);
    most = std::max(most, cache.metrics().memory_bytes);
  }
  EXPECT_GE(most, replaced->memory_bytes());
  EXPECT_LE(most, 10 * replaced->memory_bytes());
  cache.settle();
  EXPECT_EQ(cache.metrics().memory_bytes, 0U);
}

TEST(IndexCache, AVersionThatReplacedMoreThanTheCacheMayHoldIsSettledAtOnce) {
  IndexCache cache(8'000);
  cache.insert(1, 0, "key 7", std::make_shared<Text>(10));
  cache.insert(1, 0, "same", std::make_shared<Text>(10));
  const std::size_t before = cache.metrics().memory_bytes;
  auto replaced = std::make_shared<ReplacedParts>();
  for (int i = 0; i < 1'000; ++i) replaced->keys["key " + std::to_string(i)].push_back("part");
  cache.advance(1, 0, 1, replaced);
  EXPECT_LT(cache.metrics().memory_bytes, before);
  EXPECT_EQ(cache.find(1, 1, "key 7"), nullptr);
  EXPECT_NE(cache.find(1, 1, "same"), nullptr);
  cache.settle();  // nothing is left to do
  cache.advance(1, 1, 2, replaced_key("same", "part"));
  cache.restart(1, 3);
  cache.settle();
  EXPECT_EQ(cache.metrics().memory_bytes, 0U);
}

TEST(IndexCache, GoesToAnAnnouncedFoldAndToNoOtherVersion) {
  IndexCache cache(100'000);
  cache.insert(1, 0, "whole", std::make_shared<Parts>(std::set<std::string>{"a", "b"}));
  EXPECT_FALSE(cache.advance_to_announced(1, 1, 500)) << "none is";
  cache.announce(1, {.from = 0, .folded_sequence = 500, .replaced = replaced_key("whole", "a")});
  EXPECT_FALSE(cache.advance_to_announced(1, 1, 400)) << "a move came before it";
  EXPECT_FALSE(cache.advance_to_announced(1, 2, 500)) << "a move came after it";
  EXPECT_FALSE(cache.advance_to_announced(2, 1, 500));
  EXPECT_EQ(parts_left(cache, 0), 2U);
  EXPECT_TRUE(cache.advance_to_announced(1, 1, 500));
  EXPECT_EQ(parts_left(cache, 1), 1U);
  EXPECT_TRUE(cache.advance_to_announced(1, 1, 500)) << "others do not have to";
  cache.announce(1, {.from = 1, .folded_sequence = 600, .replaced = replaced_key("whole", "b")});
  cache.forget_announced(1);
  EXPECT_FALSE(cache.advance_to_announced(1, 2, 600));
}

}  // namespace
}  // namespace mooring
