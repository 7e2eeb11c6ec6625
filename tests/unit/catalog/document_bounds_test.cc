// What a query may cost and what a removal may leave, counted and not timed.
#include <gtest/gtest.h>

#include <array>

#include "document_world.h"

namespace mooring {
namespace {

/// Parts of the index that queries asked for, whether they were in memory or not.
std::uint64_t looked_at(World& world) {
  const DocumentIndexMetrics metrics = world.index().metrics();
  return metrics.hits + metrics.misses;
}

std::uint64_t cost_of(World& world, const DocumentQuery& query) {
  const std::uint64_t before = looked_at(world);
  EXPECT_EQ(world.ask(query), world.model.answer(query)) << text_of(query);
  return looked_at(world) - before;
}

std::vector<std::string> values(const char* stem, std::size_t count) {
  std::vector<std::string> made;
  for (std::size_t i = 0; i < count; ++i) made.push_back(stem + std::to_string(i));
  return made;
}

/// Everything that a client may ask for in one query, all at its limit (API 1.2).
DocumentQuery hostile_query(World& world) {
  DocumentQuery query{.scopes = {{.organization = std::string(kHome), .roots = {}}}};
  while (query.scopes.front().roots.size() < kQueryRootsMax)
    query.scopes.front().roots.push_back(world.any_asset(kHome));
  std::string search;
  while (code_points(search) + 4 <= 255) search += "Pump";
  query.search = search;
  query.categories = values("AA", 1'000);
  query.mimetypes = values("text/x-", 1'000);
  query.languages = values("l", 1'000);
  query.supplier_names = values("Amcor ", 1'000);
  query.sorts = {{DocumentSortKey::category, SortOrder::descending},
                 {DocumentSortKey::name, SortOrder::descending},
                 {DocumentSortKey::updated, SortOrder::ascending}};
  query.limit = 50;
  query.offset = std::uint64_t{1} << 40;
  return query;
}

TEST(DocumentIndexBounds, AHostileQueryLooksAtNoMoreThanItNames) {
  World world(9);
  grow(world, 60, 400);
  ASSERT_TRUE(world.index().fold());
  // One look for every value and root, some for the search, its pages and the order.
  const DocumentQuery query = hostile_query(world);
  EXPECT_LE(cost_of(world, query), kQueryRootsMax + 4 * 1'000 + 64);
  for (int i = 0; i < 100; ++i) world.add_document(kHome);
  EXPECT_LE(cost_of(world, query), kQueryRootsMax + 4 * 1'000 + 64) << "with a tail";
}

TEST(DocumentIndexBounds, ALongSearchLooksUpAFixedNumberOfItsParts) {
  World world(10);
  grow(world, 20, 400);
  ASSERT_TRUE(world.index().fold());
  DocumentQuery query = {.scopes = {{std::string(kHome), {world.any_asset(kHome)}}}};
  for (int i = 0; code_points(query.search) < 250; ++i)
    query.search += static_cast<char>('a' + i * i % 26);
  EXPECT_LE(cost_of(world, query), 64U);
}

DocumentQuery search_below_all(World& world, const char* search) {
  DocumentQuery query = {.scopes = {{.organization = std::string(kHome), .roots = {}}}};
  for (const auto& [id, asset] : world.model.assets)
    if (asset.organization == kHome && !asset.parent) query.scopes.front().roots.push_back(id);
  query.search = search;
  return query;
}

TEST(DocumentIndexBounds, ACommonSearchIsVerifiedOnceUntilNamesChange) {
  World world(12);
  grow(world, 20, 5'000);
  ASSERT_TRUE(world.index().fold());
  DocumentQuery query = search_below_all(world, "PUMP");
  query.limit = 0;  // nothing is looked at but what decides the total
  const std::uint64_t first = cost_of(world, query);
  ASSERT_GT(world.model.answer(query).total, 1'024U) << "enough to be kept";
  EXPECT_LE(cost_of(world, query) + 15, first) << "without the pages of 5,000 names";
  query.categories = {"AA"};
  EXPECT_LE(cost_of(world, query) + 15, first) << "nor for a part of it";
}

/// The model knows nothing of what is kept: it must never show.
TEST(DocumentIndexBounds, WhatIsKnownOfASearchIsForgottenWhereNamesChange) {
  World world(13);
  grow(world, 20, 4'500);
  DocumentQuery query = search_below_all(world, "pump");
  for (int round = 0; round < 12; ++round) {
    (void)cost_of(world, query);
    for (std::size_t i = world.pick(40); i > 0; --i) {
      if (world.chance(3)) world.add_document(kHome);
      if (world.chance(3)) world.remove_document();
      world.change_document();
    }
    if (world.chance(4)) world.move_asset();
    (void)cost_of(world, query);
    ASSERT_TRUE(world.index().fold());
    query.limit = 1 + world.pick(50);
    (void)cost_of(world, query);
    if (world.chance(3)) world.reopen();
    DocumentQuery narrow = query;
    narrow.scopes.front().roots = {world.any_asset(kHome)};
    (void)cost_of(world, narrow);
    query.scopes = search_below_all(world, "").scopes;
  }
}

/// Keys of the index in the database, of all that it consists of.
std::size_t keys_left(World& world) {
  constexpr std::array kParts{Family::document_term, Family::document_column,
                              Family::document_order, Family::document_tail, Family::document_due};
  std::size_t keys = 0;
  for (const Family family : kParts)
    keys += world.store().database->scan({.family = family, .limit = 1'000'000})->size();
  return keys;
}

TEST(DocumentIndexBounds, RemovalsLeaveNoTrail) {
  World world(11);
  grow(world, 20, 0);
  ASSERT_TRUE(world.index().fold());
  std::size_t after_first_round = 0;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 300; ++i) world.add_document(kHome);
    ASSERT_TRUE(world.index().fold());
    ASSERT_GT(keys_left(world), 50U);
    while (!world.model.documents.empty()) world.remove_document();
    ASSERT_TRUE(world.index().fold());
    if (round == 0) after_first_round = keys_left(world);
    EXPECT_EQ(keys_left(world), after_first_round);
    EXPECT_EQ(world.problems(), std::vector<std::string>());
  }
  EXPECT_LE(after_first_round, 2U) << "the directories of the two orders may stay, empty";
}

}  // namespace
}  // namespace mooring
