#include "mooring/blob/landing.h"

#include <gtest/gtest.h>

#include "harness.h"

namespace mooring {
namespace {

Task<void> land_and_read(CoreBlobs& blobs, const std::vector<std::byte>& content,
                         std::optional<std::uint64_t> told_bytes) {
  Landing landing(blobs, told_bytes);
  const Status landed = co_await land(blobs, landing, content);
  EXPECT_TRUE(landed) << describe(landed.error());
  EXPECT_EQ(landing.size_bytes(), content.size());
  const Status published = co_await landing.publish(id_of(content));
  EXPECT_TRUE(published) << describe(published.error());
  const Result<std::vector<std::byte>> read =
      co_await read_blob(blobs, id_of(content), file_record(content.size()));
  EXPECT_TRUE(read) << describe(read.error());
  EXPECT_TRUE(read && *read == content);
  EXPECT_EQ(blobs.counters().copied_bytes.get(), 0u) << "V3: no copy in user space";
}

struct Way {
  const char* name;
  Caching caching;
  Naming naming;
  bool size_is_told;
  friend void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }
};

constexpr Way kWays[] = {
    {"direct", Caching::direct, Naming::unnamed, true},
    {"chunked", Caching::direct, Naming::unnamed, false},
    {"buffered", Caching::buffered, Naming::unnamed, true},
    {"named", Caching::direct, Naming::temporary, true},
    {"buffered_named_chunked", Caching::buffered, Naming::temporary, false},
};

class LandingWays : public BlobTest, public ::testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    open_store({}, {.caching = GetParam().caching, .naming = GetParam().naming});
  }
};

INSTANTIATE_TEST_SUITE_P(All, LandingWays, ::testing::ValuesIn(kWays),
                         [](const auto& way) { return std::string(way.param.name); });

TEST_P(LandingWays, EverySizeComesBackByteByByteAndLeavesNothingElse) {
  std::vector<std::string> wanted;
  for (const std::size_t size :
       {std::size_t{1}, 1_MiB - 1, 1_MiB, 1_MiB + 1, 5_MiB + 123, 20_MiB}) {
    const std::vector<std::byte> content = random_content(size, static_cast<unsigned>(size));
    const std::optional<std::uint64_t> told =
        GetParam().size_is_told ? std::optional<std::uint64_t>(size) : std::nullopt;
    run([&](CoreBlobs& blobs) { return land_and_read(blobs, content, told); });
    EXPECT_EQ(std::filesystem::file_size(blob_path(id_of(content))), size);
    EXPECT_EQ(load(blob_path(id_of(content))), content) << "seen by anybody";
    wanted.push_back("blobs/" + to_string(id_of(content)).substr(0, 2) + "/" +
                     to_string(id_of(content)));
  }
  std::ranges::sort(wanted);
  EXPECT_EQ(stored_names(), wanted);
}

Task<void> abandon_after(CoreBlobs& blobs, std::size_t chunks) {
  Landing landing(blobs, 64_MiB);
  for (std::size_t i = 0; i < chunks; ++i) {
    const Status written = co_await landing.write(blobs.core().chunks().lease(), kChunkBytes);
    EXPECT_TRUE(written);
  }
  co_await landing.abandon();
  co_await landing.abandon();  // once more is fine
  EXPECT_EQ(blobs.core().chunks().leased(), SegmentWriter::kChunks) << "every chunk is back";
}

TEST_P(LandingWays, AbandonedAtAnyMomentItLeavesNothing) {
  for (const std::size_t chunks : {0, 1, 2, 3, 4, 7})
    run([chunks](CoreBlobs& blobs) { return abandon_after(blobs, chunks); });
  EXPECT_TRUE(stored_names().empty());
}

Task<void> abandon_finished(CoreBlobs& blobs, const std::vector<std::byte>& content) {
  Landing landing(blobs, content.size());
  const Status landed = co_await land(blobs, landing, content);
  EXPECT_TRUE(landed);
  co_await landing.abandon();
}

TEST_P(LandingWays, AbandonedAfterItsLastByteItLeavesNothing) {
  const std::vector<std::byte> content = random_content(2_MiB + 77, 1);
  run([&](CoreBlobs& blobs) { return abandon_finished(blobs, content); });
  EXPECT_TRUE(stored_names().empty());
}

TEST_P(LandingWays, ALeftoverUnderTheNameIsReplaced) {
  const std::vector<std::byte> content = random_content(1_MiB + 5, 9);
  std::ofstream(blob_path(id_of(content))) << "half a file from before the crash";
  std::ofstream(blob_path(id_of(content)).string() + ".new") << "and one more";
  run([&](CoreBlobs& blobs) { return land_and_read(blobs, content, content.size()); });
  EXPECT_EQ(load(blob_path(id_of(content))), content);
}

using LandingTest = BlobTest;

TEST_F(LandingTest, MoreThanWasToldIsTakenToo) {
  open_store();
  const std::vector<std::byte> content = random_content(3_MiB + 1, 3);
  run([&](CoreBlobs& blobs) { return land_and_read(blobs, content, 1000); });
}

TEST_F(LandingTest, LessThanWasToldIsCut) {
  open_store();
  const std::vector<std::byte> content = random_content(1_MiB + 1, 4);
  run([&](CoreBlobs& blobs) { return land_and_read(blobs, content, 30_MiB); });
  EXPECT_EQ(std::filesystem::file_size(blob_path(id_of(content))), content.size());
}

TEST_F(LandingTest, AnEmptyLandingIsAnEmptyFile) {
  open_store();
  const std::vector<std::byte> nothing;
  run([&](CoreBlobs& blobs) { return land_and_read(blobs, nothing, 0); });
  EXPECT_EQ(std::filesystem::file_size(blob_path(id_of(nothing))), 0u);
}

// At most kLandingWritesMax chunks are out at any time, however many are written.
Task<void> watch_chunks(CoreBlobs& blobs) {
  Landing landing(blobs, 12_MiB);
  for (int i = 0; i < 12; ++i) {
    const Status written = co_await landing.write(blobs.core().chunks().lease(), kChunkBytes);
    EXPECT_TRUE(written);
    EXPECT_LE(blobs.core().chunks().leased(), SegmentWriter::kChunks + kLandingWritesMax);
  }
  co_await landing.abandon();
}

TEST_F(LandingTest, ThreeChunksAreInFlightAtMost) {
  open_store();
  run(watch_chunks);
}

Task<void> publish_many(CoreBlobs& blobs, std::vector<std::vector<std::byte>>& contents,
                        std::vector<Status>& outcomes) {
  struct One {
    static Task<void> go(CoreBlobs& inner, const std::vector<std::byte>& content, Status& out) {
      out = co_await store_file(inner, id_of(content), content);
    }
  };
  Gate gate(blobs.core());
  for (std::size_t i = 0; i < contents.size(); ++i)
    gate.spawn(One::go(blobs, contents[i], outcomes[i]));
  co_await gate.empty();
}

TEST_F(LandingTest, ConcurrentLandingsDoNotDisturbEachOther) {
  open_store();
  std::vector<std::vector<std::byte>> contents;
  for (unsigned i = 0; i < 3; ++i) contents.push_back(random_content(2_MiB + i, i));
  std::vector<Status> outcomes(contents.size());
  run([&](CoreBlobs& blobs) { return publish_many(blobs, contents, outcomes); });
  for (std::size_t i = 0; i < contents.size(); ++i) {
    EXPECT_TRUE(outcomes[i]);
    EXPECT_EQ(load(blob_path(id_of(contents[i]))), contents[i]);
  }
}

TEST_F(LandingTest, ConcurrentSyncsOfOneDirectoryAreShared) {
  open_store();
  constexpr int kThreads = 8;
  constexpr int kRounds = 50;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i)
      threads.emplace_back([this] {
        for (int round = 0; round < kRounds; ++round)
          EXPECT_TRUE(store_->directory_syncs().sync_shard(7));
      });
  }
  EXPECT_EQ(store_->directory_syncs().calls(), std::uint64_t{kThreads * kRounds});
  EXPECT_LT(store_->directory_syncs().syncs(), std::uint64_t{kThreads * kRounds});
}

}  // namespace
}  // namespace mooring
