#include "mooring/blob/segment_writer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "harness.h"
#include "mooring/base/fault.h"
#include "mooring/blob/recovery.h"
#include "mooring/core/workers.h"

namespace mooring {
namespace {

using SegmentWriterTest = BlobTest;

struct Stored {
  std::vector<std::byte> content;
  BlobId id;
  Result<BlobLocation> location;
};

Task<void> append_one(CoreBlobs& blobs, Stored& stored) {
  stored.location = co_await blobs.append(stored.id, stored.content);
}

Task<void> append_all(CoreBlobs& blobs, std::vector<Stored>& all) {
  Gate gate(blobs.core());
  for (Stored& stored : all) gate.spawn(append_one(blobs, stored));
  co_await gate.empty();
}

Task<void> expect_all(CoreBlobs& blobs, std::vector<Stored>& all) {
  for (const Stored& stored : all) {
    EXPECT_TRUE(stored.location) << describe(stored.location.error());
    if (!stored.location) continue;
    const BlobRecord record = segment_record(stored.content.size(), *stored.location);
    const Result<std::vector<std::byte>> read = co_await read_blob(blobs, stored.id, record);
    EXPECT_TRUE(read) << describe(read.error());
    EXPECT_TRUE(read && *read == stored.content) << to_string(stored.id);
  }
}

Task<void> append_and_expect(CoreBlobs& blobs, std::vector<Stored>& all) {
  co_await append_all(blobs, all);
  co_await expect_all(blobs, all);
}

std::vector<Stored> contents(std::size_t count, std::size_t size_bytes, unsigned seed = 0) {
  std::vector<Stored> all(count);
  for (std::size_t i = 0; i < count; ++i) {
    all[i].content = random_content(size_bytes, seed + static_cast<unsigned>(i));
    all[i].id = id_of(all[i].content);
  }
  return all;
}

/// Sends those it goes on with home to their core.
class Homeward : public AppendFollower {
 public:
  virtual ~Homeward() = default;

  void stored(SegmentWriter::Append& first) noexcept override;

  std::atomic<std::size_t> calls{0};
  std::atomic<std::size_t> appends{0};
  std::thread::id thread;
};

class FollowedAppend final : public SegmentWriter::Append, private Message {
 public:
  FollowedAppend(CoreBlobs& blobs, const Stored& stored, Homeward& follower)
      : Append(blobs.segment_writer(), stored.id, stored.content, nullptr, &follower),
        core_(blobs.core()) {}

  [[nodiscard]] Result<BlobLocation> await_resume() const noexcept { return answer(); }

 private:
  friend class Homeward;
  void deliver() noexcept override { core_.resume_later(waiter()); }

  Core& core_;
};

void Homeward::stored(SegmentWriter::Append& first) noexcept {
  ++calls;
  thread = std::this_thread::get_id();
  for (auto* append = static_cast<FollowedAppend*>(&first); append != nullptr;) {
    auto* const next = static_cast<FollowedAppend*>(append->next_followed());
    ++appends;
    append->core_.mailbox().post(*append);
    append = next;
  }
}

/// Keeps the worker of the first batch until another batch is stored beside it, or for long enough
/// to see that none will be.
class Meeting final : public Homeward {
 public:
  explicit Meeting(std::chrono::milliseconds patience) : patience_(patience) {}

  void stored(SegmentWriter::Append& first) noexcept override {
    {
      std::unique_lock lock(mutex_);
      ++inside_;
      met_ = met_ || inside_ > 1;
      changed_.notify_all();
      changed_.wait_for(lock, patience_, [this] { return met_; });
      --inside_;
    }
    Homeward::stored(first);
  }
  [[nodiscard]] bool met() {
    const std::scoped_lock lock(mutex_);
    return met_;
  }

 private:
  std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t inside_ = 0;
  bool met_ = false;
};

Task<void> append_followed(CoreBlobs& blobs, Stored& stored, Homeward& follower) {
  FollowedAppend append(blobs, stored, follower);
  stored.location = co_await append;
}

Task<void> append_followed_and_expect(CoreBlobs& blobs, std::vector<Stored>& all,
                                      Homeward& follower) {
  Gate gate(blobs.core());
  for (std::size_t i = 0; i < all.size(); ++i)
    if (i % 4 == 3)
      gate.spawn(append_one(blobs, all[i]));
    else
      gate.spawn(append_followed(blobs, all[i], follower));
  co_await gate.empty();
  co_await expect_all(blobs, all);
}

TEST_F(SegmentWriterTest, FollowedAppendsGoOnTogetherFromTheWorkerThatSyncedThem) {
  open_store();
  std::vector<Stored> all = contents(100, 4096);
  Homeward follower;
  run([&](CoreBlobs& blobs) { return append_followed_and_expect(blobs, all, follower); });
  EXPECT_EQ(follower.appends, 75u);
  EXPECT_LE(follower.calls, 4u) << "one call per batch";
  EXPECT_NE(follower.thread, std::this_thread::get_id());
}

TEST_F(SegmentWriterTest, AFollowedAppendThatFailsIsAnsweredToItsWaiter) {
  open_store();
  std::vector<Stored> all = contents(1, 100);
  Homeward follower;
  const auto after_stop = [&](CoreBlobs& blobs) {
    struct AfterStop {
      static Task<void> append(CoreBlobs& inner, Stored& stored, Homeward& nobody) {
        co_await inner.stop();
        co_await append_followed(inner, stored, nobody);
      }
    };
    return AfterStop::append(blobs, all[0], follower);
  };
  run(after_stop);
  ASSERT_FALSE(all[0].location);
  EXPECT_EQ(all[0].location.error().code, Errc::draining);
  EXPECT_EQ(follower.calls, 0u);
}

TEST_F(SegmentWriterTest, WhatWasAppendedIsReadBack) {
  open_store();
  std::vector<Stored> all;
  for (const std::size_t size : {0, 1, 15, 16, 17, 4031, 4032, 4033, 4096, 100'000, 1 << 20})
    all.push_back(contents(1, size, static_cast<unsigned>(size)).front());
  run([&all](CoreBlobs& blobs) { return append_and_expect(blobs, all); });
}

TEST_F(SegmentWriterTest, ConcurrentAppendsShareAFewSyncs) {
  open_store();
  std::vector<Stored> all = contents(200, 4096);
  std::uint64_t batches = 0;
  std::uint64_t syncs = 0;
  std::uint64_t copied_bytes = 0;
  const auto body = [&](CoreBlobs& blobs) -> Task<void> {
    struct Count {
      static Task<void> them(CoreBlobs& inner, std::vector<Stored>& some, std::uint64_t& b,
                             std::uint64_t& s, std::uint64_t& c) {
        co_await append_all(inner, some);
        b = inner.counters().segment_batches.get();
        s = inner.counters().syncs.get();
        c = inner.counters().copied_bytes.get();
        co_await expect_all(inner, some);
      }
    };
    return Count::them(blobs, all, batches, syncs, copied_bytes);
  };
  run(body);
  EXPECT_GE(batches, 1u);
  EXPECT_LE(batches, 4u) << "200 appends of one moment fit one chunk";
  EXPECT_EQ(syncs, batches);
  EXPECT_EQ(copied_bytes, 200u * 4096);
}

TEST_F(SegmentWriterTest, MoreThanAChunkWaitsItsTurnAndKeepsItsOrder) {
  open_store();
  std::vector<Stored> all = contents(40, 300'000);
  run([&all](CoreBlobs& blobs) { return append_and_expect(blobs, all); });
  std::uint64_t end = 0;
  for (const Stored& stored : all) {
    ASSERT_TRUE(stored.location);
    EXPECT_GE(stored.location->segment_offset, end);
    end = stored.location->segment_offset + stored.content.size();
  }
}

TEST_F(SegmentWriterTest, FullChunksGoToTheDiskSideBySide) {
  open_store();
  std::vector<Stored> all = contents(40, 300'000);
  Meeting meeting(std::chrono::seconds(30));
  run([&](CoreBlobs& blobs) { return append_followed_and_expect(blobs, all, meeting); });
  EXPECT_TRUE(meeting.met());
}

struct Beside {
  static Task<void> append(CoreBlobs& blobs, std::vector<Stored>& some, Homeward& follower) {
    std::vector<Stored> before = contents(1, 100, 7000);
    co_await append_and_expect(blobs, before);  // the segment is there
    Gate gate(blobs.core());
    gate.spawn(append_followed(blobs, some[0], follower));
    co_await blobs.core().workers().run(blobs.core(), [] { return 0; });  // its batch is gone
    gate.spawn(append_followed(blobs, some[1], follower));
    co_await gate.empty();
    co_await expect_all(blobs, some);
  }
};

TEST_F(SegmentWriterTest, ALargeBatchDoesNotWaitForTheOneBefore) {
  open_store();
  std::vector<Stored> two = contents(2, 256 * 1024);
  Meeting meeting(std::chrono::seconds(30));
  run([&](CoreBlobs& blobs) { return Beside::append(blobs, two, meeting); });
  EXPECT_TRUE(meeting.met());
}

TEST_F(SegmentWriterTest, ASmallBatchWaitsForTheOneBefore) {
  open_store();
  std::vector<Stored> two = contents(2, 250 * 1024);
  Meeting meeting(std::chrono::milliseconds(20));
  run([&](CoreBlobs& blobs) { return Beside::append(blobs, two, meeting); });
  EXPECT_FALSE(meeting.met()) << "a sync for so little costs more than it saves";
}

TEST_F(SegmentWriterTest, ThroughThePageCacheChunksTakeTurns) {
  open_store({}, {.caching = Caching::buffered});
  std::vector<Stored> all = contents(16, 300'000);
  Meeting meeting(std::chrono::milliseconds(20));
  run([&](CoreBlobs& blobs) { return append_followed_and_expect(blobs, all, meeting); });
  EXPECT_FALSE(meeting.met()) << "a sync might be told of the other's loss";
}

/// What becomes of chunks that go side by side when one of them fails.
class SegmentWriterFaultTest : public SegmentWriterTest {
 protected:
  void SetUp() override {
    if (!faults_can_be_armed()) GTEST_SKIP() << "this build cannot be armed";
    SegmentWriterTest::SetUp();
  }
  void TearDown() override {
    disarm_faults();
    SegmentWriterTest::TearDown();
  }

  /// Appends with `fault` armed, then disarmed: those that failed, each with `code`.
  std::size_t failed_with(Errc code, const char* fault) {
    struct Body {
      static Task<void> append(CoreBlobs& blobs, std::vector<Stored>& some, const char* words) {
        std::vector<Stored> before = contents(1, 100, 5000);
        co_await append_and_expect(blobs, before);  // the segment is there
        EXPECT_TRUE(arm_io_fault(words));
        co_await append_all(blobs, some);
        disarm_faults();
      }
    };
    run([&](CoreBlobs& blobs) { return Body::append(blobs, all_, fault); });
    std::size_t failed = 0;
    for (const Stored& stored : all_) {
      if (stored.location) continue;
      EXPECT_EQ(stored.location.error().code, code) << describe(stored.location.error());
      ++failed;
    }
    return failed;
  }

  /// All that did not fail is there, and what failed can be appended again.
  void expect_the_rest() {
    struct Body {
      static Task<void> again(CoreBlobs& blobs, std::vector<Stored>& some) {
        for (Stored& stored : some)
          if (!stored.location) co_await append_one(blobs, stored);
        co_await expect_all(blobs, some);
      }
    };
    run([&](CoreBlobs& blobs) { return Body::again(blobs, all_); });
  }

  std::vector<Stored> all_ = contents(24, 300'000);  // 8 chunks
};

TEST_F(SegmentWriterFaultTest, AChunkThatFindsNoSpaceFailsAlone) {
  open_store();
  EXPECT_EQ(failed_with(Errc::no_space, "write:3:ENOSPC"), 3u);
  expect_the_rest();
}

TEST_F(SegmentWriterFaultTest, AChunkThatCannotBeWrittenFailsAloneAndItsSegmentIsLeft) {
  open_store();
  EXPECT_EQ(failed_with(Errc::io_error, "write:2:EIO"), 3u);
  std::set<std::uint32_t> numbers;
  for (const Stored& stored : all_)
    if (stored.location) numbers.insert(stored.location->segment_number);
  EXPECT_EQ(numbers.size(), 2u);
  expect_the_rest();
}

TEST_F(SegmentWriterFaultTest, AfterASyncThatFailedNothingIsAcknowledgedAnyMore) {
  open_store();
  const std::size_t failed = failed_with(Errc::sync_failed, "sync:2:EIO");
  EXPECT_GE(failed, 3u);
  EXPECT_FALSE(all_.back().location) << "what came behind it was not even tried";
}

TEST_F(SegmentWriterFaultTest, NothingGoesWhereZerosAreStillBeingWritten) {
  BlobOptions options;
  options.segment_ahead_bytes = 1_MiB;
  open_store(options);
  struct Body {
    static Task<void> append(CoreBlobs& blobs, std::vector<Stored>& some) {
      std::vector<Stored> large = contents(1, 300'000, 6000), small = contents(1, 100, 6001);
      co_await append_and_expect(blobs, large);  // too large to take zeros with it
      EXPECT_TRUE(arm_io_fault("write:1:delay"));
      Gate gate(blobs.core());
      gate.spawn(append_one(blobs, small[0]));
      co_await blobs.core().workers().run(blobs.core(), [] { return 0; });  // its batch is gone
      co_await append_all(blobs, some);
      co_await gate.empty();
      co_await expect_all(blobs, small);
      co_await expect_all(blobs, some);
    }
  };
  run([this](CoreBlobs& blobs) { return Body::append(blobs, all_); });
}

TEST_F(SegmentWriterTest, ABatchStartsOnAFreshBlock) {
  open_store();
  std::vector<Stored> first = contents(1, 100, 1);
  std::vector<Stored> second = contents(1, 100, 2);
  const auto both = [&](CoreBlobs& blobs) {
    struct Both {
      static Task<void> append(CoreBlobs& inner, std::vector<Stored>& a, std::vector<Stored>& b) {
        co_await append_all(inner, a);
        co_await append_all(inner, b);
      }
    };
    return Both::append(blobs, first, second);
  };
  run(both);
  EXPECT_EQ(first[0].location->segment_offset, kSegmentHeaderBytes);
  EXPECT_EQ(second[0].location->segment_offset, kBlockBytes + kSegmentHeaderBytes);
  EXPECT_EQ(std::filesystem::file_size(segment_path(*second[0].location)), 2 * kBlockBytes)
      << "the unused tail is cut at stop";
}

TEST_F(SegmentWriterTest, SmallBatchesWriteZerosAheadAndOthersOverThem) {
  BlobOptions options;
  options.segment_bytes = 4_MiB;
  options.segment_ahead_bytes = 256_KiB;
  open_store(options);
  std::vector<Stored> all = contents(3, 300'000);
  const auto one_by_one = [&all](CoreBlobs& blobs) {
    struct Each {
      static Task<void> append(CoreBlobs& inner, std::vector<Stored>& some) {
        // Small, large, and small ones up to the end of several segments.
        for (int i = 0; i < 600; ++i) some.push_back(contents(1, 20'000, 1000u + i).front());
        std::swap(some[0], some[5]);
        for (Stored& stored : some) co_await append_one(inner, stored);
        co_await expect_all(inner, some);
      }
    };
    return Each::append(blobs, all);
  };
  run(one_by_one);
  std::uint64_t bytes = 0;
  for (const std::string& name : stored_names())
    bytes += std::filesystem::file_size(data_ + "/" + name);
  EXPECT_EQ(bytes, 3 * round_up(segment_record_bytes(300'000), kBlockBytes) +
                       600 * round_up(segment_record_bytes(20'000), kBlockBytes))
      << "zeros that nothing was written over are cut off";
}

TEST_F(SegmentWriterTest, AFullSegmentIsLeftForTheNextOne) {
  BlobOptions options;
  options.segment_bytes = 4_MiB;
  open_store(options);
  std::vector<Stored> all = contents(50, 300'000);
  run([&all](CoreBlobs& blobs) { return append_and_expect(blobs, all); });
  std::set<std::uint32_t> numbers;
  for (const Stored& stored : all) numbers.insert(stored.location->segment_number);
  EXPECT_GE(numbers.size(), 4u);
  EXPECT_EQ(stored_names().size(), numbers.size()) << "no unused segment is left";
  for (const std::string& name : stored_names())
    EXPECT_LE(std::filesystem::file_size(data_ + "/" + name), 4_MiB);
}

TEST_F(SegmentWriterTest, AfterARestartANewSegmentIsUsed) {
  open_store();
  std::vector<Stored> before = contents(1, 1000, 1);
  run([&before](CoreBlobs& blobs) { return append_all(blobs, before); });
  open_store();
  std::vector<Stored> after = contents(1, 1000, 2);
  run([&after](CoreBlobs& blobs) { return append_and_expect(blobs, after); });
  ASSERT_TRUE(before[0].location && after[0].location);
  EXPECT_GT(after[0].location->segment_number, before[0].location->segment_number);
  run([&before](CoreBlobs& blobs) { return expect_all(blobs, before); });
}

TEST_F(SegmentWriterTest, NumbersTheCatalogueRemembersAreNotUsedAgain) {
  open_store();
  store_->note_segment({0, 41});
  std::vector<Stored> all = contents(1, 1000);
  run([&all](CoreBlobs& blobs) { return append_all(blobs, all); });
  EXPECT_EQ(all[0].location->segment_number, 42u);
}

TEST_F(SegmentWriterTest, AnIdleCoreOwnsNoSpace) {
  open_store();
  struct Idle {
    static Task<void> body(CoreBlobs& blobs) {
      EXPECT_FALSE(blobs.segment_writer().open_segment());
      co_return;
    }
  };
  run(Idle::body);
  EXPECT_TRUE(stored_names().empty());
}

TEST_F(SegmentWriterTest, OnlyTheSegmentBeingWrittenIsOpen) {
  open_store();
  std::vector<Stored> all = contents(1, 1000);
  struct Body {
    static Task<void> look(CoreBlobs& blobs, std::vector<Stored>& some) {
      co_await append_all(blobs, some);
      EXPECT_TRUE(blobs.store().is_open(segment_of(*some[0].location)));
    }
  };
  run([&all](CoreBlobs& blobs) { return Body::look(blobs, all); });
  EXPECT_FALSE(store_->is_open(segment_of(*all[0].location)));
}

TEST_F(SegmentWriterTest, RelaxedNeverSyncs) {
  BlobOptions options;
  options.durability = Durability::relaxed;
  open_store(options);
  std::vector<Stored> all = contents(20, 5000);
  struct Body {
    static Task<void> look(CoreBlobs& blobs, std::vector<Stored>& some) {
      co_await append_and_expect(blobs, some);
      EXPECT_EQ(blobs.counters().syncs.get(), 0u);
    }
  };
  run([&all](CoreBlobs& blobs) { return Body::look(blobs, all); });
}

TEST_F(SegmentWriterTest, WorksThroughThePageCache) {
  open_store({}, {.caching = Caching::buffered});
  std::vector<Stored> all = contents(60, 100'000);
  run([&all](CoreBlobs& blobs) { return append_and_expect(blobs, all); });
}

TEST_F(SegmentWriterTest, AfterStopAppendsAreRefused) {
  open_store();
  struct Body {
    static Task<void> stop_first(CoreBlobs& blobs) {
      co_await blobs.stop();
      const std::vector<std::byte> content = random_content(10, 1);
      const Result<BlobLocation> location = co_await blobs.append(id_of(content), content);
      EXPECT_FALSE(location);
      EXPECT_EQ(location.error().code, Errc::draining);
    }
  };
  run(Body::stop_first);
}

}  // namespace
}  // namespace mooring
