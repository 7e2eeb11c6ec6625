#include "mooring/catalog/writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <barrier>
#include <functional>
#include <future>
#include <list>
#include <semaphore>
#include <thread>

#include "mooring/catalog/assets.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/pictures.h"
#include "store.h"

namespace mooring {
namespace {

Change<std::function<Status(Transaction&)>> put_key(std::string key) {
  return Change<std::function<Status(Transaction&)>>([key](Transaction& t) -> Status {
    t.put(Family::asset, key, "value");
    return {};
  });
}

/// A request without a home: delivered on the writer's thread.
class Request final : public CommitRequest {
 public:
  explicit Request(Mutation& mutation) : CommitRequest(mutation, nullptr) {}
  void deliver() noexcept override { answer_.set_value(status()); }
  Status wait() { return answer_.get_future().get(); }

 private:
  std::promise<Status> answer_;
};

/// Holds the writer inside a mutation, so that what is submitted meanwhile becomes one batch.
struct Held {
  explicit Held(Writer& writer) : request_(wait_) {
    MOORING_CHECK(writer.submit(request_), "the writer runs");
    entered_.acquire();
  }
  Status release() {
    go_on_.release();
    return request_.wait();
  }

  std::binary_semaphore entered_{0};
  std::binary_semaphore go_on_{0};
  Change<std::function<Status(Transaction&)>> wait_{[this](Transaction&) -> Status {
    entered_.release();
    go_on_.acquire();
    return {};
  }};
  Request request_;
};

/// Mutations and their requests, which stay in place until they are answered.
struct Waiting {
  Writer& writer;
  std::list<Change<std::function<Status(Transaction&)>>> changes;
  std::list<Request> requests;

  void add(std::function<Status(Transaction&)> function) {
    auto& change = changes.emplace_back(std::move(function));
    ASSERT_TRUE(writer.submit(requests.emplace_back(change)));
  }
  std::vector<Status> wait() {
    std::vector<Status> answers;
    for (Request& request : requests) answers.push_back(request.wait());
    return answers;
  }
};

TEST(Writer, ACompletedCommitIsVisibleAndSurvivesAnUncleanStop) {
  Store store;
  {
    Writer writer(*store.database, {});
    auto change = put_key("key");
    ASSERT_TRUE(writer.commit_and_wait(change));
    EXPECT_EQ(store.database->get(Family::asset, "key").value(), "value");
  }
  store.reopen();
  EXPECT_EQ(store.database->get(Family::asset, "key").value(), "value");
}

TEST(Writer, WhatWaitsIsWrittenOnceAndInOrder) {
  Store store;
  Writer writer(*store.database, {});
  Held held(writer);
  Waiting waiting{writer, {}, {}};
  std::vector<int> order;
  for (int i = 0; i < 100; ++i)
    waiting.add([i, &order](Transaction& t) -> Status {
      order.push_back(i);
      t.put(Family::asset, std::to_string(i), "");
      return {};
    });
  ASSERT_TRUE(held.release());
  for (const Status& answer : waiting.wait()) EXPECT_TRUE(answer);
  EXPECT_TRUE(std::ranges::is_sorted(order));
  writer.stop();
  EXPECT_EQ(writer.metrics().batches, 1u) << "100 commits, one write and one sync";
  EXPECT_GE(writer.metrics().mutations, 101u);
  EXPECT_EQ(writer.metrics().batches_by_size[7], 1u) << "65 to 128 mutations";
  EXPECT_EQ(store.database->scan({.family = Family::asset}).value().size(), 100u);
}

TEST(Writer, BatchesAreBounded) {
  Store store;
  Writer writer(*store.database, {.batch_mutations_max = 10});
  Held held(writer);
  Waiting waiting{writer, {}, {}};
  for (int i = 0; i < 95; ++i)
    waiting.add([i](Transaction& t) -> Status {
      t.put(Family::asset, std::to_string(i), "");
      return {};
    });
  ASSERT_TRUE(held.release());
  (void)waiting.wait();
  EXPECT_EQ(writer.metrics().batches, 10u);
}

TEST(Writer, ARefusedMutationLeavesNoTraceAndHoldsNobodyUp) {
  Store store;
  Writer writer(*store.database, {});
  Held held(writer);
  Waiting waiting{writer, {}, {}};
  for (int i = 0; i < 9; ++i)
    waiting.add([i](Transaction& t) -> Status {
      t.put(Family::asset, std::to_string(i), "");
      t.put(Family::asset, "last", std::to_string(i));
      if (i % 3 == 1) return fail(Errc::conflict, "test");
      return {};
    });
  ASSERT_TRUE(held.release());
  const std::vector<Status> answers = waiting.wait();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i].has_value(), i % 3 != 1);
    EXPECT_EQ(store.database->get(Family::asset, std::to_string(i)).value().has_value(),
              i % 3 != 1);
  }
  EXPECT_EQ(store.database->get(Family::asset, "last").value(), "8");
  EXPECT_EQ(writer.metrics().batches, 1u);
  EXPECT_EQ(writer.metrics().refused, 3u);
}

TEST(Writer, P3_OfTwoRacingUploadsExactlyOneIsTaken) {
  Store store;
  Writer writer(*store.database, {});
  const BlobId blob{{1, 2}, 0};
  for (int round = 0; round < 20; ++round) {
    const Uuid asset = new_uuid();
    Change ground([&](Transaction& t) -> Status {
      const auto made = create_asset(t, {.id = asset, .organization_id = "org"});
      if (!made) return std::unexpected(made.error());
      return round == 0 ? put_blob(t, blob, {1, {.tier = Tier::file}}) : Status();
    });
    ASSERT_TRUE(writer.commit_and_wait(ground));
    std::barrier together(2);
    std::array<Status, 2> answers;
    const auto upload = [&](std::size_t i) {
      const PictureRecord picture{
          .id = new_uuid(), .organization_id = "org", .asset_id = asset, .blob = blob};
      Change change([&](Transaction& t) { return create_picture(t, picture); });
      together.arrive_and_wait();
      answers[i] = writer.commit_and_wait(change);
    };
    std::thread other(upload, 1);
    upload(0);
    other.join();
    ASSERT_NE(answers[0].has_value(), answers[1].has_value());
    EXPECT_EQ(code_of(answers[0] ? answers[1] : answers[0]), Errc::conflict);
  }
}

TEST(Writer, StopAnswersWhatWaitsAndRefusesWhatComesLater) {
  Store store;
  Writer writer(*store.database, {.batch_mutations_max = 3});
  Held held(writer);
  Waiting waiting{writer, {}, {}};
  for (int i = 0; i < 20; ++i)
    waiting.add([i](Transaction& t) -> Status {
      t.put(Family::asset, std::to_string(i), "");
      return {};
    });
  std::thread stopper([&] { writer.stop(); });
  EXPECT_TRUE(held.release());
  stopper.join();
  for (const Status& answer : waiting.wait()) EXPECT_TRUE(answer);
  EXPECT_EQ(store.database->scan({.family = Family::asset}).value().size(), 20u);
  auto late = put_key("late");
  EXPECT_EQ(code_of(writer.commit_and_wait(late)), Errc::draining);
  EXPECT_EQ(store.database->get(Family::asset, "late").value(), std::nullopt);
}

TEST(Writer, ManyThreadsLoseNothing) {
  Store store;
  Writer writer(*store.database, {.durability = Durability::relaxed});
  constexpr int kThreads = 4;
  constexpr int kCommits = 500;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kCommits; ++i) {
        // Reads what the thread wrote before: its own commits are in order and visible to the next.
        Change change([&](Transaction& t) -> Status {
          const std::string key = "counter-" + std::to_string(thread);
          const auto seen = t.get(Family::meta, key);
          if (seen.value().value_or("0") != std::to_string(i)) return fail(Errc::stale, "test");
          t.put(Family::meta, key, std::to_string(i + 1));
          return {};
        });
        ASSERT_TRUE(writer.commit_and_wait(change));
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (int thread = 0; thread < kThreads; ++thread)
    EXPECT_EQ(store.database->get(Family::meta, "counter-" + std::to_string(thread)).value(),
              std::to_string(kCommits));
  writer.stop();
  EXPECT_EQ(writer.metrics().mutations, std::uint64_t{kThreads * kCommits} + 1);
}

}  // namespace
}  // namespace mooring
