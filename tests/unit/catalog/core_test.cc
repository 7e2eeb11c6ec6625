// The catalogue as a core uses it: commits and reads are awaited, and answers come home.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "mooring/catalog/assets.h"
#include "mooring/catalog/reader.h"
#include "mooring/catalog/writer.h"
#include "mooring/core/gate.h"
#include "store.h"

namespace mooring {
namespace {

/// Runs one coroutine on a core of its own, on this thread, until it has ended.
void run_on_core(unsigned index, const std::function<Task<void>(Core&)>& body) {
  WorkerPool workers(1);
  auto core = Core::create({.index = index, .chunks_max = 4, .head_buffers = 4}, workers);
  ASSERT_TRUE(core) << describe(core.error());
  Gate gate(**core);
  const auto whole = [](Core& own, const std::function<Task<void>(Core&)>& run) -> Task<void> {
    co_await run(own);
    own.stop();
  };
  gate.spawn(whole(**core, body));
  (*core)->run();
}

using AnyChange = Change<std::function<Status(Transaction&)>>;

Task<void> commit_one(Writer& writer, Core& core, std::string key, std::vector<std::string>& done) {
  AnyChange change([&key](Transaction& t) -> Status {
    t.put(Family::asset, key, "value");
    return {};
  });
  const auto caller = std::this_thread::get_id();
  const Status status = co_await writer.commit(core, change);
  EXPECT_TRUE(status);
  EXPECT_EQ(std::this_thread::get_id(), caller) << "the answer comes home";
  done.push_back(key);
}

TEST(CatalogOnACore, CommitsAreAnsweredOnTheCoreInTheirOrder) {
  Store store;
  Writer writer(*store.database, {});
  std::vector<std::string> done;
  std::vector<std::string> sent;
  run_on_core(0, [&](Core& core) -> Task<void> {
    Gate gate(core);
    for (int i = 0; i < 50; ++i) {
      sent.push_back("key-" + std::to_string(i));
      gate.spawn(commit_one(writer, core, sent.back(), done));
    }
    gate.close();
    co_await gate.empty();
  });
  EXPECT_EQ(done, sent);
  EXPECT_LT(writer.metrics().batches, 50u);
  EXPECT_EQ(store.database->scan({.family = Family::asset}).value().size(), 50u);
}

TEST(CatalogOnACore, ARefusalComesHomeAndACommitAfterTheStopIsDraining) {
  Store store;
  Writer writer(*store.database, {});
  run_on_core(0, [&](Core& core) -> Task<void> {
    AnyChange refused([](Transaction&) -> Status { return fail(Errc::conflict, "test"); });
    const Status first = co_await writer.commit(core, refused);
    EXPECT_EQ(code_of(first), Errc::conflict);
    writer.stop();
    const Status second = co_await writer.commit(core, refused);
    EXPECT_EQ(code_of(second), Errc::draining);
  });
}

TEST(CatalogOnACore, EachOfTwoCoresGetsItsOwnAnswers) {
  Store store;
  Writer writer(*store.database, {});
  const auto work = [&](unsigned index) {
    run_on_core(index, [&, index](Core& core) -> Task<void> {
      std::vector<std::string> done;
      Gate gate(core);
      for (int i = 0; i < 100; ++i)
        gate.spawn(commit_one(writer, core, std::to_string(index) + "/" + std::to_string(i), done));
      gate.close();
      co_await gate.empty();
      EXPECT_EQ(done.size(), 100u);
    });
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  EXPECT_EQ(store.database->scan({.family = Family::asset}).value().size(), 200u);
}

TEST(CatalogOnACore, WhatIsInMemoryIsReadOnTheCoreAndTheRestOnAWorker) {
  Store store;
  store.put(Family::asset, "cold", "value");
  store.reopen_cold();
  store.put(Family::asset, "warm", "value");
  run_on_core(0, [&](Core& core) -> Task<void> {
    Reader reader(core, *store.database);
    const auto warm = co_await reader.get(Family::asset, "warm");
    EXPECT_EQ(warm.value(), "value");
    EXPECT_EQ(reader.metrics().from_memory, 1u);
    const auto cold = co_await reader.get(Family::asset, "cold");
    EXPECT_EQ(cold.value(), "value");
    EXPECT_EQ(reader.metrics().on_worker, 1u);
    const auto again = co_await reader.get(Family::asset, "cold");
    EXPECT_EQ(again.value(), "value");
    EXPECT_EQ(reader.metrics().from_memory, 2u);
    const auto absent = co_await reader.get(Family::asset, "absent");
    EXPECT_EQ(absent.value(), std::nullopt);
  });
}

// Vow of reader.h: whatever the core keeps, a read shows what was answered before it began, and
// never less than a read before it. A writer counts up as fast as it can, this core reads along.
TEST(CatalogOnACore, AKeptRecordIsNeverOlderThanWhatWasAnswered) {
  constexpr int kLast = 3000;
  Store store;
  Writer writer(*store.database, {.durability = Durability::relaxed});
  std::atomic<int> answered{0};
  std::thread counting([&] {
    for (int number = 1; number <= kLast; ++number) {
      AnyChange change([number](Transaction& t) -> Status {
        t.put(Family::asset, "count", std::to_string(number));
        return {};
      });
      EXPECT_TRUE(writer.commit_and_wait(change));
      answered.store(number);
    }
  });
  run_on_core(0, [&](Core& core) -> Task<void> {
    Reader reader(core, *store.database, std::size_t{1} << 20);
    int seen = 0;
    while (seen < kLast) {
      const int least = std::max(seen, answered.load());
      const auto value = co_await reader.get(Family::asset, "count");
      seen = value.value() ? std::stoi(**value) : 0;
      EXPECT_GE(seen, least);
      if (seen < least) break;
    }
  });
  counting.join();
}

TEST(CatalogOnACore, AWalkThatMeetsAColdRecordIsRepeatedWhole) {
  Store store;
  const Uuid root = new_uuid();
  const Uuid leaf = new_uuid();
  ASSERT_TRUE(store.apply(
      [&](Transaction& t) { return create_asset(t, {.id = root, .organization_id = "org"}); }));
  store.reopen_cold();
  ASSERT_TRUE(store.apply([&](Transaction& t) {
    return create_asset(t, {.id = leaf, .organization_id = "org", .parent_id = root});
  }));
  store.reopen_cold();
  run_on_core(0, [&](Core& core) -> Task<void> {
    Reader reader(core, *store.database);
    const auto walk = [root](const View& view) { return walk_subtree(view, root, 10); };
    for (int i = 0; i < 2; ++i) {
      const auto assets = co_await reader.read(walk);
      EXPECT_EQ(assets.value().size(), 2u);
      EXPECT_EQ(assets.value().back().id, leaf);
    }
    EXPECT_EQ(reader.metrics().on_worker, 1u);
    EXPECT_EQ(reader.metrics().from_memory, 1u);
    const auto unknown = [](const View& view) { return walk_subtree(view, new_uuid(), 10); };
    const auto missing = co_await reader.read_on_worker(unknown);
    EXPECT_EQ(code_of(missing), Errc::not_found);
  });
}

}  // namespace
}  // namespace mooring
