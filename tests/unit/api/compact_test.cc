// Compaction on a real store: what lives moves and is whole, what is dead goes, what is damaged
// stays.
#include "mooring/api/compact.h"

#include "unit/api/storage.h"

namespace mooring {
namespace {

constexpr CompactionOptions kUnhurried{.interval_ms = 10, .pace = {.latency_budget_ms = 60'000}};

TEST(IsWorthCompacting, BelowTheShareAndNotAtIt) {
  const SegmentRecord half{.total_bytes = 200, .live_bytes = 100, .live_count = 3};
  const SegmentRecord less{.total_bytes = 200, .live_bytes = 99, .live_count = 3};
  EXPECT_FALSE(is_worth_compacting(half, 50));
  EXPECT_TRUE(is_worth_compacting(less, 50));
}

TEST(IsWorthCompacting, WithoutAShareOnlyWhatIsEmpty) {
  const SegmentRecord one_lives{.total_bytes = 200, .live_bytes = 0, .live_count = 1};
  const SegmentRecord empty{.total_bytes = 200, .live_bytes = 0, .live_count = 0};
  EXPECT_FALSE(is_worth_compacting(one_lives, 0));
  EXPECT_TRUE(is_worth_compacting(empty, 0));
}

class CompactTest : public StorageTest {
 protected:
  /// Ten contents in one closed segment, owned by "o/<n>".
  void fill() {
    run([this](CoreStorage& storage) -> Task<void> {
      for (unsigned n = 0; n < 10; ++n) {
        const auto content = random_content(5'000 + n, n);
        ids_.push_back((co_await add(storage, content, owner(n))).first);
      }
    });
    segment_ = record_of(ids_[0]).location;
  }

  void remove_first(unsigned count) {
    run([this, count](CoreStorage& storage) -> Task<void> {
      for (unsigned n = 0; n < count; ++n) co_await remove(storage, ids_[n], owner(n));
    });
  }

  /// One look of a compactor, and what it counted.
  CompactionCounters compact(CompactionOptions options = kUnhurried) {
    CompactionCounters counted;
    run([&](CoreStorage& storage) -> Task<void> {
      Compactor compactor(storage.blobs.core(), storage.reader, storage.writer, storage.blobs,
                          options);
      co_await compactor.run_once();
      co_await compactor.stop();
      counted = compactor.counters();
    });
    return counted;
  }

  static std::string owner(unsigned n) { return "o/" + std::to_string(n); }

  void expect_nothing_unowned() const {
    const RecoveryReport report = recovery();
    EXPECT_EQ(report.segments_removed, 0u);
    EXPECT_EQ(report.segments_cut, 0u);
    EXPECT_EQ(report.segments_damaged, 0u);
    EXPECT_EQ(report.files_removed, 0u);
  }

  std::vector<BlobId> ids_;
  BlobLocation segment_;
};

TEST_F(CompactTest, MovesWhatLivesAndUnlinksTheSegment) {
  fill();
  remove_first(7);
  const CompactionCounters counted = compact();
  EXPECT_EQ(counted.moved_blobs.get(), 3u);
  EXPECT_EQ(counted.moved_bytes.get(), 5'007u + 5'008u + 5'009u);
  EXPECT_EQ(counted.segments_dropped.get(), 1u);
  EXPECT_FALSE(std::filesystem::exists(segment_path(segment_)));
  for (unsigned n = 7; n < 10; ++n) {
    EXPECT_NE(record_of(ids_[n]).location, segment_);
    EXPECT_TRUE(is_whole(ids_[n]));
  }
  const auto account = find_segment(*database_, {segment_.segment_core, segment_.segment_number});
  ASSERT_TRUE(account);
  EXPECT_FALSE(*account);
  expect_nothing_unowned();
}

TEST_F(CompactTest, MovesWhatLiesInLaterPagesOfTheSegment) {
  run([this](CoreStorage& storage) -> Task<void> {
    for (unsigned n = 0; n < 4; ++n) {
      const auto content = random_content(900'000 + n, n);
      ids_.push_back((co_await add(storage, content, owner(n))).first);
    }
  });
  segment_ = record_of(ids_[3]).location;
  ASSERT_EQ(segment_.segment_number, record_of(ids_[0]).location.segment_number);
  remove_first(3);
  EXPECT_EQ(compact().moved_blobs.get(), 1u);
  EXPECT_FALSE(std::filesystem::exists(segment_path(segment_)));
  EXPECT_TRUE(is_whole(ids_[3]));
}

TEST_F(CompactTest, LeavesASegmentThatIsMostlyAlive) {
  fill();
  remove_first(3);
  const CompactionCounters counted = compact();
  EXPECT_EQ(counted.moved_blobs.get(), 0u);
  EXPECT_EQ(record_of(ids_[9]).location.segment_number, segment_.segment_number);
}

TEST_F(CompactTest, DropsASegmentThatBecameEmptyEvenIfNothingIsToBeMoved) {
  fill();
  remove_first(10);
  CompactionOptions only_empty = kUnhurried;
  only_empty.live_percent_min = 0;
  EXPECT_EQ(compact(only_empty).segments_dropped.get(), 1u);
  EXPECT_EQ(segments(), 0u);
  expect_nothing_unowned();
}

TEST_F(CompactTest, LeavesADamagedRecordWhereItIsAndMovesTheOthers) {
  fill();
  remove_first(7);
  const BlobLocation damaged = record_of(ids_[9]).location;
  damage(segment_path(damaged), damaged.segment_offset + 100);
  const CompactionCounters counted = compact();
  EXPECT_EQ(counted.moved_blobs.get(), 2u);
  EXPECT_EQ(counted.damaged_blobs.get(), 1u);
  EXPECT_EQ(counted.segments_dropped.get(), 0u);
  EXPECT_EQ(record_of(ids_[9]).location, damaged);
  EXPECT_FALSE(is_whole(ids_[9]));
  EXPECT_TRUE(is_whole(ids_[7]) && is_whole(ids_[8]));
  expect_nothing_unowned();
}

TEST_F(CompactTest, FindsWhatLiesBehindADamagedHeader) {
  fill();
  remove_first(7);
  const BlobLocation damaged = record_of(ids_[7]).location;
  damage(segment_path(damaged), damaged.segment_offset - kSegmentHeaderBytes + 40);
  EXPECT_EQ(compact().moved_blobs.get(), 2u);
  EXPECT_EQ(record_of(ids_[7]).location, damaged);
  EXPECT_TRUE(is_whole(ids_[8]) && is_whole(ids_[9]));
}

TEST_F(CompactTest, DoesNotTryAgainUntilTheAccountChanges) {
  fill();
  remove_first(7);
  const BlobLocation damaged = record_of(ids_[8]).location;
  damage(segment_path(damaged), damaged.segment_offset);
  run([&](CoreStorage& storage) -> Task<void> {
    Compactor compactor(storage.blobs.core(), storage.reader, storage.writer, storage.blobs,
                        kUnhurried);
    co_await compactor.run_once();  // moves two, and leaves one
    co_await compactor.run_once();  // the account has changed since it was chosen: once more
    const std::uint64_t tried = compactor.counters().damaged_blobs.get();
    co_await compactor.run_once();
    EXPECT_EQ(compactor.counters().damaged_blobs.get(), tried);
    co_await remove(storage, ids_[8], owner(8));
    co_await compactor.run_once();
    EXPECT_EQ(compactor.counters().segments_dropped.get(), 1u);
    co_await compactor.stop();
  });
}

TEST_F(CompactTest, NeverTouchesASegmentWithAppendsThatAreNotCommitted) {
  const auto small = random_content(100, 1);
  const auto late = random_content(200, 2);
  BlobId late_id{xxh3_128(late), 0};
  run([&](CoreStorage& storage) -> Task<void> {
    // A rolled segment whose account is empty, with one append that is not committed.
    const auto first = co_await add(storage, small, "o/small");
    SegmentHold hold;
    const Result<BlobLocation> location = co_await storage.blobs.append(late_id, late, &hold);
    EXPECT_TRUE(location);
    co_await remove(storage, first.first, "o/small");
    for (unsigned n = 0; n < 8; ++n) {  // rolls
      const std::string owner = "o/roll" + std::to_string(n);
      const auto content = random_content(900'000, 10 + n);
      const auto added = co_await add(storage, content, owner);
      co_await remove(storage, added.first, owner);
    }
    EXPECT_NE(storage.blobs.segment_writer().open_segment(), segment_of(*location));
    Compactor compactor(storage.blobs.core(), storage.reader, storage.writer, storage.blobs,
                        kUnhurried);
    EXPECT_TRUE(storage.blobs.store().is_open(segment_of(*location)));
    co_await compactor.run_once();
    EXPECT_TRUE(std::filesystem::exists(segment_path(*location)));
    co_await commit(storage, [&](Transaction& transaction) -> Status {
      const Status put = put_blob(transaction, late_id, {late.size(), *location});
      return put ? add_reference(transaction, late_id, "o/late") : put;
    });
    hold.reset();
    EXPECT_FALSE(storage.blobs.store().is_open(segment_of(*location)));
    co_await compactor.stop();
  });
  EXPECT_TRUE(is_whole(late_id));
}

Task<void> compact_once(Compactor& compactor) {
  co_await compactor.run_once();
}

// Whoever shares a content or opens it to read has looked up where it lies.
TEST_F(CompactTest, MovesNothingOfABatchWhileOneOfItsContentsIsGuarded) {
  fill();
  remove_first(8);
  run([&](CoreStorage& storage) -> Task<void> {
    HashGuards& guards = storage.blobs.store().guards();
    HashGuard guard = co_await guards.lock(storage.blobs.core(), std::max(ids_[8], ids_[9]).hash,
                                           GuardMode::shared);
    Compactor compactor(storage.blobs.core(), storage.reader, storage.writer, storage.blobs,
                        kUnhurried);
    Gate gate(storage.blobs.core());
    gate.spawn(compact_once(compactor));
    // Until it has the guard of the other one, or has done without.
    while (guards.size() < 2 && compactor.counters().moved_blobs.get() == 0) {
      Sleep poll(storage.blobs.core(), 10);
      co_await poll;
    }
    EXPECT_EQ(compactor.counters().moved_blobs.get(), 0u);
    EXPECT_EQ(record_of(ids_[8]).location.segment_number, segment_.segment_number);
    guard.reset();
    co_await gate.empty();
    EXPECT_EQ(compactor.counters().moved_blobs.get(), 2u);
    co_await compactor.stop();
  });
}

TEST_F(CompactTest, EveryCoreClosesWhatIsDropped) {
  fill();
  run([&](CoreStorage& storage) -> Task<void> {
    const auto opened = co_await storage.blobs.segment_files().open(segment_of(segment_));
    EXPECT_TRUE(opened);
    for (unsigned n = 0; n < 10; ++n) co_await remove(storage, ids_[n], owner(n));
    EXPECT_EQ(storage.blobs.segment_files().size(), 1u);
    Compactor compactor(storage.blobs.core(), storage.reader, storage.writer, storage.blobs,
                        kUnhurried);
    co_await compactor.run_once();
    co_await compactor.stop();
    Sleep turn(storage.blobs.core(), 0);
    co_await turn;  // the message to this core is delivered meanwhile
    EXPECT_EQ(storage.blobs.segment_files().size(), 0u);
  });
}

TEST_F(CompactTest, WaitsWhileRemovalsAreHeldBack) {
  fill();
  remove_first(10);
  auto hold = std::make_unique<Removals::Hold>(store_->removals());
  run([&](CoreStorage& storage) -> Task<void> {
    Compactor compactor(storage.blobs.core(), storage.reader, storage.writer, storage.blobs,
                        kUnhurried);
    compactor.start();
    Sleep pause(storage.blobs.core(), 100);
    co_await pause;
    EXPECT_EQ(compactor.counters().segments_dropped.get(), 0u);
    hold.reset();
    while (compactor.counters().segments_dropped.get() == 0) {
      Sleep poll(storage.blobs.core(), 10);
      co_await poll;
    }
    co_await compactor.stop();
  });
  EXPECT_EQ(segments(), 0u);
}

}  // namespace
}  // namespace mooring
