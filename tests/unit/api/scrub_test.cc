// The scrub on a real store: it finds damage in both tiers, marks it, and remembers where it was.
#include "mooring/api/scrub.h"

#include <utility>

#include "mooring/base/clock.h"
#include "unit/api/storage.h"

namespace mooring {
namespace {

constexpr ScrubOptions kUnhurried{.pace = {.bytes_per_second = 1_GiB, .latency_budget_ms = 60'000},
                                  .cycle_ms = 3'600'000};

class ScrubTest : public StorageTest {
 protected:
  /// Runs a scrubber until `is_enough(counters)`; what it counted.
  template <typename Condition>
  ScrubCounters scrub(const ScrubOptions& options, Condition is_enough) {
    ScrubCounters counted;
    run([&](CoreStorage& storage) -> Task<void> {
      Scrubber scrubber(storage.blobs.core(), storage.reader, storage.writer, storage.blobs,
                        options);
      scrubber.start();
      while (!is_enough(scrubber.counters())) {
        Sleep poll(storage.blobs.core(), 10);
        co_await poll;
      }
      co_await scrubber.stop();
      counted = scrubber.counters();
    });
    return counted;
  }
  ScrubCounters scrub_once(ScrubOptions options = kUnhurried) {
    return scrub(options, [](const ScrubCounters& counters) { return counters.cycles.get() > 0; });
  }

  [[nodiscard]] std::vector<BlobId> marked() const {
    std::vector<BlobId> ids;
    const auto marks = list_damaged(*database_, 100);
    EXPECT_TRUE(marks);
    for (const DamageMark& mark : *marks) ids.push_back(mark.id);
    return ids;
  }

  /// Two small contents and two that take several steps to read.
  void fill() {
    run([this](CoreStorage& storage) -> Task<void> {
      const auto small = random_content(5'000, 1);
      const auto other_small = random_content(6'000, 2);
      const auto large = random_content(2'500'000, 3);
      const auto other_large = random_content(2'500'001, 4);
      small_ = (co_await add(storage, small, "o/1")).first;
      other_small_ = (co_await add(storage, other_small, "o/2")).first;
      large_ = co_await add_file(storage, large, "o/3");
      other_large_ = co_await add_file(storage, other_large, "o/4");
    });
  }

  void damage_small() {
    const BlobLocation location = record_of(small_).location;
    damage(segment_path(location), location.segment_offset + 4'000);
  }

  BlobId small_, other_small_, large_, other_large_;
};

TEST_F(ScrubTest, ReadsEveryBlobOnce) {
  fill();
  const ScrubCounters counted = scrub_once();
  EXPECT_EQ(counted.blobs.get(), 4u);
  EXPECT_EQ(counted.bytes.get(), 5'000u + 6'000u + 2'500'000u + 2'500'001u);
  EXPECT_EQ(counted.found.get(), 0u);
  EXPECT_TRUE(marked().empty());
}

TEST_F(ScrubTest, FindsAFlippedBitInASegmentAndInTheLastPieceOfAFile) {
  fill();
  damage_small();
  damage(file_path(large_), 2'499'999);
  const ScrubCounters counted = scrub_once();
  EXPECT_EQ(counted.found.get(), 2u);
  EXPECT_EQ(counted.marked.get(), 2u);
  EXPECT_EQ(marked(), (std::vector{std::min(small_, large_), std::max(small_, large_)}));
}

TEST_F(ScrubTest, FindsAFileThatIsMissingOrTooShort) {
  fill();
  std::filesystem::remove(file_path(large_));
  std::filesystem::resize_file(file_path(other_large_), 1'000'000);
  EXPECT_EQ(scrub_once().found.get(), 2u);
}

TEST_F(ScrubTest, TakesTheMarkAwayFromWhatIsSoundAgain) {
  fill();
  damage_small();
  scrub_once();
  damage_small();  // the same bits: back as they were
  ScrubOptions at_once = kUnhurried;
  at_once.cycle_ms = 0;
  EXPECT_EQ(scrub_once(at_once).marked.get(), 0u);
  EXPECT_TRUE(marked().empty());
}

TEST_F(ScrubTest, GoesOnWhereItWas) {
  fill();
  std::vector<BlobId> ids = {small_, other_small_, large_, other_large_};
  std::ranges::sort(ids);
  run([&](CoreStorage& storage) -> Task<void> {
    co_await commit(storage, [&](Transaction& transaction) -> Status {
      save_scrub_progress(transaction,
                          {.began_ms = wall_ms(), .is_complete = false, .after = ids[2]});
      return {};
    });
  });
  EXPECT_EQ(scrub_once().blobs.get(), 1u);
}

TEST_F(ScrubTest, RemembersWhereItWasWhenItIsStopped) {
  std::vector<BlobId> ids;
  run([&](CoreStorage& storage) -> Task<void> {
    for (unsigned n = 0; n < 3; ++n) {
      const auto content = random_content(5'000, n);
      ids.push_back((co_await add(storage, content, "o")).first);
    }
  });
  ScrubOptions slow = kUnhurried;
  slow.pace.bytes_per_second = 1;  // rests for more than an hour after each step
  scrub(slow, [](const ScrubCounters& counters) { return counters.bytes.get() > 0; });
  const auto progress = load_scrub_progress(*database_);
  ASSERT_TRUE(progress);
  EXPECT_FALSE(progress->is_complete);
  EXPECT_EQ(progress->after, std::ranges::min(ids));
}

TEST_F(ScrubTest, BeginsNoCycleBeforeItsTime) {
  fill();
  scrub_once();
  damage_small();
  bool looked = false;  // one turn of its loop
  const ScrubCounters counted =
      scrub(kUnhurried, [&](const ScrubCounters&) { return std::exchange(looked, true); });
  EXPECT_EQ(counted.bytes.get(), 0u);
  ScrubOptions due = kUnhurried;
  due.cycle_ms = 1;
  EXPECT_EQ(scrub_once(due).found.get(), 1u);
}

TEST_F(ScrubTest, MarksWhatAReadStumbledOverThoughCyclesAreOff) {
  fill();
  damage_small();
  run([this](CoreStorage& storage) -> Task<void> {
    BlobReader reader(storage.blobs, small_, record_of(small_), Permits());
    const Status opened = co_await reader.open();
    EXPECT_EQ(opened.error().code, Errc::corrupt);
    co_await reader.close();
  });
  ScrubOptions off = kUnhurried;
  off.pace.bytes_per_second = 0;
  const ScrubCounters counted =
      scrub(off, [](const ScrubCounters& counters) { return counters.found.get() > 0; });
  EXPECT_EQ(counted.bytes.get(), 0u);
  EXPECT_EQ(marked(), std::vector{small_});
}

}  // namespace
}  // namespace mooring
