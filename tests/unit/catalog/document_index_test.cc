// The document index against its reference model: random documents, random changes, random
// questions; every page, total and order equal.
//
// MOORING_MODEL_SEED and MOORING_MODEL_QUERIES choose the run; a failure prints its seed.
#include "mooring/catalog/document_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <thread>

#include "catalog/index_container.h"
#include "catalog/index_terms.h"
#include "document_world.h"

namespace mooring {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  if (text == nullptr) return otherwise;
  const std::string_view view(text);
  std::uint64_t value = 0;
  const auto read = std::from_chars(view.data(), view.data() + view.size(), value);
  return read.ec == std::errc() ? value : otherwise;
}

/// Rounds of changes and questions until `queries` were asked.
void compare_with_model(std::uint64_t seed, std::uint64_t queries, std::size_t documents,
                        std::uint32_t first_ordinal) {
  SCOPED_TRACE("MOORING_MODEL_SEED=" + std::to_string(seed));
  World world(seed);
  if (first_ordinal > 0) world.begin_ordinals_at(first_ordinal);
  grow(world, 25, documents);
  for (std::uint64_t asked = 0; asked < queries;) {
    for (std::size_t i = world.pick(30); i > 0; --i) world.change_something();
    if (world.chance(20)) ASSERT_TRUE(world.index().fold());
    if (world.chance(40)) world.reopen();
    if (world.chance(30)) ASSERT_EQ(world.problems(), std::vector<std::string>());
    for (std::size_t i = 0; i < 25; ++i, ++asked) {
      const DocumentQuery query = world.any_query();
      ASSERT_EQ(world.ask(query), world.model.answer(query)) << text_of(query);
    }
  }
}

TEST(DocumentIndex, AgreesWithTheModelOnManySmallChanges) {
  const std::uint64_t seed = number_from("MOORING_MODEL_SEED", 20'261'121);
  compare_with_model(seed, number_from("MOORING_MODEL_QUERIES", 1'500), 150, 0);
}

TEST(DocumentIndex, AgreesWithTheModelOnAnswersThatAreWalkedAcrossChunks) {
  const std::uint64_t seed = number_from("MOORING_MODEL_SEED", 20'261'122);
  compare_with_model(seed, number_from("MOORING_MODEL_QUERIES", 750), 900, 65'000);
}

TEST(DocumentIndex, AQueryRightAfterACommitSeesIt) {
  World world(3);
  grow(world, 5, 0);
  DocumentQuery query;
  query.scopes.push_back({.organization = std::string(kHome), .roots = {}});
  for (const auto& [id, asset] : world.model.assets)
    if (asset.organization == kHome && !asset.parent) query.scopes.front().roots.push_back(id);
  for (std::uint64_t i = 1; i <= 200; ++i) {
    world.add_document(kHome);
    ASSERT_EQ(world.ask(query).total, i);
  }
}

TEST(DocumentIndex, QuestionsBesideFoldsSeeEveryCommit) {
  World world(9, {.tail_documents = 64});
  grow(world, 10, 0);
  DocumentQuery everything = {.scopes = {{std::string(kHome), {}}}};
  for (const auto& [id, asset] : world.model.assets)
    if (asset.organization == kHome && !asset.parent) everything.scopes.front().roots.push_back(id);
  std::atomic<std::uint64_t> committed{0};
  std::atomic<bool> is_done{false};
  const auto ask = [&](DocumentSortKey key) {
    DocumentQuery query = everything;
    query.sorts = {{key, SortOrder::descending}};
    while (!is_done.load()) {
      const std::uint64_t before = committed.load();
      query.offset = before / 2;
      const auto page = world.index().query(query);
      const std::uint64_t after = committed.load();
      ASSERT_TRUE(page);
      ASSERT_GE(page->total, before);
      ASSERT_LE(page->total, after + 1) << "one may be on its way";
      ASSERT_EQ(page->documents.size(), std::min(query.limit, page->total - query.offset));
    }
  };
  std::thread by_name(ask, DocumentSortKey::name);
  std::thread by_time(ask, DocumentSortKey::updated);
  for (int i = 0; i < 2'000; ++i) {
    world.add_document(kHome);
    committed.fetch_add(1);
    if (i % 100 == 99) EXPECT_TRUE(world.index().fold());
  }
  is_done.store(true);
  by_name.join();
  by_time.join();
  EXPECT_GE(world.index().metrics().folds, 20U);
  for (int i = 0; i < 50; ++i) {
    const DocumentQuery query = world.any_query();
    ASSERT_EQ(world.ask(query), world.model.answer(query)) << text_of(query);
  }
}

TEST(DocumentIndex, D14_APagePastTheEndIsEmptyWithItsTotal) {
  World world(4);
  grow(world, 5, 30);
  DocumentQuery query = {.scopes = {{std::string(kHome), {}}}};
  for (const auto& [id, asset] : world.model.assets)
    if (asset.organization == kHome && !asset.parent) query.scopes.front().roots.push_back(id);
  query.offset = std::numeric_limits<std::uint64_t>::max() - 3;
  const auto page = world.index().query(query);
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->documents.empty());
  EXPECT_EQ(page->total, 30U);
}

TEST(DocumentIndex, AnOrganizationWithoutDocumentsAnswersNothing) {
  World world(5);
  grow(world, 4, 0);
  const auto page =
      world.index().query({.scopes = {{std::string(kHome), {world.any_asset(kHome)}}}});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->total, 0U);
}

TEST(DocumentIndex, AnswersTheSameWithAlmostNoMemory) {
  World world(6, {.memory_bytes = 4'096, .tail_documents = 64});
  grow(world, 10, 600);
  ASSERT_TRUE(world.index().fold());
  for (int i = 0; i < 200; ++i) {
    const DocumentQuery query = world.any_query();
    ASSERT_EQ(world.ask(query), world.model.answer(query)) << text_of(query);
  }
  EXPECT_LE(world.index().metrics().memory_bytes, 4'096U);
}

TEST(DocumentIndex, AFoldLeavesNoTailAndForgetsTheRemoved) {
  World world(7);
  grow(world, 10, 300);
  ASSERT_TRUE(world.index().fold());
  while (world.model.documents.size() > 10) world.remove_document();
  ASSERT_TRUE(world.index().fold());
  for (int i = 0; i < 50; ++i) {
    const DocumentQuery query = world.any_query();
    ASSERT_EQ(world.ask(query), world.model.answer(query)) << text_of(query);
  }
  EXPECT_GT(world.index().metrics().changes_folded, 500U);
}

TEST(DocumentIndex, TheCheckFindsWhatDisagrees) {
  World world(8);
  grow(world, 5, 40);
  ASSERT_TRUE(world.index().fold());
  ASSERT_EQ(world.problems(), std::vector<std::string>());
  const auto spoil = [&](Family family) {
    const auto entries = world.store().database->scan({.family = family, .limit = 1});
    ASSERT_EQ(entries->size(), 1U);
    const Entry entry = entries->front();
    (void)world.store().apply([&](Transaction& t) -> Status {
      t.erase(family, entry.key);
      return {};
    });
    EXPECT_FALSE(world.problems().empty());
    world.store().put(family, entry.key, entry.value);
    EXPECT_EQ(world.problems(), std::vector<std::string>());
  };
  spoil(Family::document_term);
  spoil(Family::document_column);
  world.store().put(Family::document_term, term_key(0, {TermKind::category, "never"}, 0),
                    Container(std::vector<std::uint16_t>{1}).encode());
  EXPECT_EQ(world.problems().size(), 1U) << "a member that no document stands for";
}

}  // namespace
}  // namespace mooring
