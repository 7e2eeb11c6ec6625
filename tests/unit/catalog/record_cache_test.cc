// Records that a core keeps: what is found is what the database holds, and memory has an end.
#include "mooring/catalog/record_cache.h"

#include <gtest/gtest.h>

#include <string>

#include "mooring/catalog/record_stamps.h"
#include "store.h"

namespace mooring {
namespace {

constexpr std::size_t kEnough = std::size_t{1} << 20;

RecordPrint print_of(Family family, std::string_view key, RecordStamps::Stamp stamp = 0) {
  return {.family = family, .key = key, .hash = record_hash(family, key), .stamp = stamp};
}

TEST(RecordCache, ARecordIsFoundUnderItsFamilyAndItsKeyOnly) {
  RecordCache cache(kEnough);
  cache.keep(print_of(Family::asset, "key"), "value");
  EXPECT_EQ(cache.find(print_of(Family::asset, "key")), "value");
  EXPECT_FALSE(cache.find(print_of(Family::blob, "key")));
  EXPECT_FALSE(cache.find(print_of(Family::asset, "ke")));
  RecordPrint other = print_of(Family::asset, "other");
  other.hash = print_of(Family::asset, "key").hash;
  EXPECT_FALSE(cache.find(other)) << "the same hash is not the same key";
}

TEST(RecordCache, ARecordThatIsKeptAgainIsReplaced) {
  RecordCache cache(kEnough);
  cache.keep(print_of(Family::asset, "key", 2), "old");
  cache.keep(print_of(Family::asset, "key", 4), "newer");
  EXPECT_EQ(cache.find(print_of(Family::asset, "key", 4)), "newer");
  EXPECT_FALSE(cache.find(print_of(Family::asset, "key", 2)));
}

TEST(RecordCache, WhatIsChangingIsNeitherKeptNorFound) {
  RecordCache cache(kEnough);
  cache.keep(print_of(Family::asset, "key", 1), "read while it changed");
  EXPECT_FALSE(cache.find(print_of(Family::asset, "key", 1)));
  EXPECT_FALSE(cache.find(print_of(Family::asset, "key", 2)));
  cache.keep(print_of(Family::asset, "key", 2), "value");
  EXPECT_FALSE(cache.find(print_of(Family::asset, "key", 3)));
}

TEST(RecordCache, TheLargestRecordIsKeptAndALargerOneIsNot) {
  RecordCache cache(kEnough);
  const std::string key = "key";
  const std::string largest(RecordCache::kRecordBytesMax - key.size(), 'x');
  cache.keep(print_of(Family::asset, key), largest);
  EXPECT_EQ(cache.find(print_of(Family::asset, key)), largest);
  cache.keep(print_of(Family::blob, key), largest + "x");
  EXPECT_FALSE(cache.find(print_of(Family::blob, key)));
}

TEST(RecordCache, WithoutRoomNothingIsKept) {
  RecordCache cache(0);
  EXPECT_EQ(cache.places(), 0u);
  cache.keep(print_of(Family::asset, "key"), "value");
  EXPECT_FALSE(cache.find(print_of(Family::asset, "key")));
}

TEST(RecordCache, ManyRecordsTakeTheRoomThereIsAndTheOneInUseStays) {
  RecordCache cache(64 << 10);
  ASSERT_GT(cache.places(), 0u);
  EXPECT_LE(cache.places() * RecordCache::kRecordBytesMax, std::size_t{64} << 10);
  cache.keep(print_of(Family::asset, "in use"), "value");
  std::size_t lost = 0;
  for (int number = 0; number < 10'000; ++number) {
    const std::string key = std::to_string(number);
    cache.keep(print_of(Family::asset, key), key);
    EXPECT_EQ(cache.find(print_of(Family::asset, key)), key);
    if (cache.find(print_of(Family::asset, "in use"))) continue;
    ++lost;
    cache.keep(print_of(Family::asset, "in use"), "value");
  }
  EXPECT_LT(lost, 500u);
  std::size_t found = 0;
  for (int number = 0; number < 10'000; ++number)
    found += cache.find(print_of(Family::asset, std::to_string(number))).has_value() ? 1 : 0;
  EXPECT_GT(found, cache.places() / 2);
  EXPECT_LE(found, cache.places());
}

TEST(RecordStamps, AChangeIsSeenWhileItIsMadeAndAfterwards) {
  RecordStamps stamps;
  const std::uint64_t hash = record_hash(Family::asset, "key");
  const auto before = stamps.of(hash);
  EXPECT_FALSE(RecordStamps::is_changing(before));
  stamps.begin_change(hash);
  EXPECT_TRUE(RecordStamps::is_changing(stamps.of(hash)));
  stamps.end_change(hash);
  EXPECT_FALSE(RecordStamps::is_changing(stamps.of(hash)));
  EXPECT_NE(stamps.of(hash), before);
}

TEST(RecordStamps, TwoChangesOfOneBatchMayShareAStamp) {
  RecordStamps stamps;
  const std::uint64_t hash = record_hash(Family::asset, "key");
  const auto before = stamps.of(hash);
  for (int i = 0; i < 2; ++i) stamps.begin_change(hash);
  EXPECT_TRUE(RecordStamps::is_changing(stamps.of(hash)));
  for (int i = 0; i < 2; ++i) stamps.end_change(hash);
  EXPECT_FALSE(RecordStamps::is_changing(stamps.of(hash)));
  EXPECT_NE(stamps.of(hash), before);
}

TEST(RecordStamps, ABatchChangesTheStampsOfItsRecordsAndNoOthers) {
  Store store;
  store.put(Family::asset, "other", "value");
  const RecordStamps& stamps = store.database->stamps();
  const auto key = stamps.of(record_hash(Family::asset, "key"));
  const auto other = stamps.of(record_hash(Family::asset, "other"));
  store.put(Family::asset, "key", "value");
  EXPECT_NE(stamps.of(record_hash(Family::asset, "key")), key);
  EXPECT_EQ(stamps.of(record_hash(Family::asset, "other")), other);
  const auto put = stamps.of(record_hash(Family::asset, "key"));
  (void)store.apply([&](Transaction& transaction) -> Status {
    transaction.erase(Family::asset, "key");
    return {};
  });
  EXPECT_NE(stamps.of(record_hash(Family::asset, "key")), put);
}

TEST(MemoryView, AKeptRecordIsAnsweredUntilItIsChangedOrErased) {
  Store store;
  RecordCache cache(kEnough);
  const MemoryView view(*store.database, cache);
  const auto kept = [&] {
    RecordPrint print = print_of(Family::asset, "key");
    print.stamp = store.database->stamps().of(print.hash);
    return cache.find(print);
  };
  EXPECT_EQ(view.get(Family::asset, "key").value(), std::nullopt);
  store.put(Family::asset, "key", "first");
  EXPECT_EQ(view.get(Family::asset, "key").value(), "first");
  EXPECT_EQ(kept(), "first");
  EXPECT_EQ(view.get(Family::asset, "key").value(), "first");
  store.put(Family::asset, "key", "second");
  EXPECT_FALSE(kept());
  EXPECT_EQ(view.get(Family::asset, "key").value(), "second");
  (void)store.apply([&](Transaction& transaction) -> Status {
    transaction.erase(Family::asset, "key");
    return {};
  });
  EXPECT_EQ(view.get(Family::asset, "key").value(), std::nullopt);
}

}  // namespace
}  // namespace mooring
