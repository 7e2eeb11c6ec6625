#include "mooring/blob/recovery.h"

#include <gtest/gtest.h>

#include <map>

#include "harness.h"

namespace mooring {
namespace {

using Content = std::vector<std::byte>;

// The catalogue's part, played by a map.
class Records final : public LiveBlobs {
 public:
  std::map<BlobId, BlobRecord> records;

  [[nodiscard]] Result<bool> is_live_file(const BlobId& id) const override {
    const auto found = records.find(id);
    return found != records.end() && found->second.location.tier == Tier::file;
  }
  [[nodiscard]] Status visit_segment_blobs(
      const std::function<void(const BlobId&, const BlobRecord&)>& visit) const override {
    for (const auto& [id, record] : records)
      if (record.location.tier == Tier::segment) visit(id, record);
    return {};
  }
};

class RecoveryTest : public BlobTest {
 protected:
  void store(const Content& content, std::uint16_t ordinal = 0) {
    struct Body {
      static Task<void> go(CoreBlobs& blobs, BlobId id, const Content& bytes) {
        const Status stored = co_await store_file(blobs, id, bytes);
        EXPECT_TRUE(stored);
      }
    };
    run([&](CoreBlobs& blobs) { return Body::go(blobs, id_of(content, ordinal), content); });
  }
  std::vector<BlobLocation> append(const std::vector<Content>& contents) {
    std::vector<BlobLocation> locations;
    struct Body {
      static Task<void> go(CoreBlobs& blobs, const std::vector<Content>& all,
                           std::vector<BlobLocation>& out) {
        for (const Content& content : all) {
          const Result<BlobLocation> location = co_await blobs.append(id_of(content), content);
          EXPECT_TRUE(location);
          if (location) out.push_back(*location);
        }
      }
    };
    run([&](CoreBlobs& blobs) { return Body::go(blobs, contents, locations); });
    return locations;
  }
  Content read(const Content& like, const BlobRecord& record) {
    Content out;
    struct Body {
      static Task<void> go(CoreBlobs& blobs, BlobId id, BlobRecord wanted, Content& into) {
        const Result<Content> content = co_await read_blob(blobs, id, wanted);
        EXPECT_TRUE(content) << describe(content.error());
        if (content) into = *content;
      }
    };
    run([&](CoreBlobs& blobs) { return Body::go(blobs, id_of(like), record, out); });
    return out;
  }
  RecoveryReport recovered(RecoveryMode mode = RecoveryMode::repair) {
    const Result<RecoveryReport> report = recover(store_->directory(), records_, {.mode = mode});
    EXPECT_TRUE(report);
    return report.value_or(RecoveryReport{});
  }
  void put(const std::string& name, std::size_t size_bytes) const {
    std::ofstream(std::filesystem::path(data_) / name) << std::string(size_bytes, 'x');
  }

  Records records_;
};

TEST_F(RecoveryTest, OnlyNamesThatAStoreWritesAreNamesOfBlobs) {
  const BlobId id{{0xab01020304050607, 0x08090a0b0c0d0e0f}, 65'535};
  EXPECT_EQ(parse_blob_id(to_string(id)), id);
  EXPECT_EQ(parse_blob_id(to_string(BlobId{id.hash, 0})), (BlobId{id.hash, 0}));
  const std::string hash = to_hex(id.hash);
  for (const char* tail : {"-", "-0", "-01", "-65536", "-1x", "x", "-+1"})
    EXPECT_FALSE(parse_blob_id(hash + tail)) << tail;
  EXPECT_FALSE(parse_blob_id("AB0102030405060708090a0b0c0d0e0f"));
  EXPECT_FALSE(parse_blob_id("ab0102030405060708090a0b0c0d0e0"));
}

TEST_F(RecoveryTest, FilesWithoutRecordAreRemovedAndOthersStay) {
  open_store();
  const Content live = random_content(1_MiB + 1, 1);
  const Content dead = random_content(1_MiB + 2, 2);
  store(live);
  store(live, 1);
  store(dead);
  records_.records[id_of(live)] = file_record(live.size());
  const RecoveryReport report = recovered();
  EXPECT_EQ(report.files_kept, 1u);
  EXPECT_EQ(report.files_removed, 2u) << "the other ordinal has no record";
  EXPECT_EQ(report.bytes_freed, live.size() + dead.size());
  EXPECT_EQ(stored_names().size(), 1u);
  EXPECT_EQ(load(blob_path(id_of(live))), live);
}

TEST_F(RecoveryTest, ARecordOfTheSegmentTierDoesNotKeepAFile) {
  open_store();
  const Content content = random_content(500, 3);
  const std::vector<BlobLocation> locations = append({content});
  store(content);
  records_.records[id_of(content)] = segment_record(content.size(), locations[0]);
  EXPECT_EQ(recovered().files_removed, 1u);
  EXPECT_EQ(read(content, records_.records.begin()->second), content);
}

TEST_F(RecoveryTest, LeftoversOfLandingsAreRemovedAndStrangersStay) {
  open_store();
  put("blobs/landing-0b8f2c1e-9a54-4c0e-8f29-1d6c6b6a7a11", 10);
  put("blobs/ab/abcdef0123456789abcdef0123456789.new", 20);
  put("blobs/ab/notes.txt", 1);
  put("blobs/cd/abcdef0123456789abcdef0123456789", 1);
  put("blobs/readme", 1);
  put("segments/old", 1);
  const RecoveryReport report = recovered();
  EXPECT_EQ(report.temporaries_removed, 2u);
  EXPECT_EQ(report.bytes_freed, 30u);
  EXPECT_EQ(report.strangers, 4u) << "one of them a blob in the wrong shard";
  EXPECT_EQ(stored_names().size(), 4u);
}

TEST_F(RecoveryTest, ASegmentIsCutAfterItsLastLiveRecord) {
  open_store();
  const std::vector<Content> contents = {random_content(5000, 1), random_content(5000, 2),
                                         random_content(5000, 3)};
  const std::vector<BlobLocation> locations = append(contents);
  ASSERT_EQ(locations.size(), 3u);
  // As a crash leaves it: the preallocated tail is there, the last record was never committed.
  std::filesystem::resize_file(segment_path(locations[0]), 4_MiB);
  for (const std::size_t i : {0, 1})
    records_.records[id_of(contents[i])] = segment_record(5000, locations[i]);
  const RecoveryReport report = recovered();
  EXPECT_EQ(report.segments_kept, 1u);
  EXPECT_EQ(report.segments_cut, 1u);
  EXPECT_EQ(std::filesystem::file_size(segment_path(locations[0])), 4 * kBlockBytes);
  EXPECT_EQ(report.bytes_freed, 4_MiB - 4 * kBlockBytes);
  for (const std::size_t i : {0, 1})
    EXPECT_EQ(read(contents[i], segment_record(5000, locations[i])), contents[i]);
}

TEST_F(RecoveryTest, ASegmentWithoutLiveRecordsIsRemoved) {
  open_store();
  append({random_content(5000, 1)});
  EXPECT_EQ(recovered().segments_removed, 1u);
  EXPECT_TRUE(stored_names().empty());
}

TEST_F(RecoveryTest, LostAndShortSegmentsAreCountedAsDamaged) {
  open_store();
  const Content content = random_content(50'000, 1);
  const std::vector<BlobLocation> locations = append({content});
  records_.records[id_of(content)] = segment_record(content.size(), locations[0]);
  std::filesystem::resize_file(segment_path(locations[0]), 8192);
  EXPECT_EQ(recovered().segments_damaged, 1u);
  EXPECT_EQ(std::filesystem::file_size(segment_path(locations[0])), 8192u) << "evidence stays";
  std::filesystem::remove(segment_path(locations[0]));
  EXPECT_EQ(recovered().segments_damaged, 1u);
}

TEST_F(RecoveryTest, ASecondRunFindsNothingToDo) {
  open_store();
  const Content live = random_content(1_MiB, 1);
  store(live);
  store(random_content(1_MiB, 2));
  const Content small = random_content(100, 3);
  const std::vector<BlobLocation> locations = append({small, random_content(9000, 4)});
  records_.records[id_of(live)] = file_record(live.size());
  records_.records[id_of(small)] = segment_record(small.size(), locations[0]);
  const RecoveryReport first = recovered();
  EXPECT_EQ(first.files_removed, 1u);
  EXPECT_EQ(first.segments_cut, 1u);
  const RecoveryReport second = recovered();
  EXPECT_EQ(second.files_kept, 1u);
  EXPECT_EQ(second.segments_kept, 1u);
  EXPECT_EQ(
      second.files_removed + second.segments_cut + second.segments_removed + second.bytes_freed,
      0u);
}

TEST_F(RecoveryTest, AReportChangesNothing) {
  open_store();
  store(random_content(1_MiB, 1));
  append({random_content(100, 2)});
  put("blobs/landing-x", 10);
  const std::vector<std::string> before = stored_names();
  const RecoveryReport report = recovered(RecoveryMode::report);
  EXPECT_EQ(report.files_removed, 1u);
  EXPECT_EQ(report.segments_removed, 1u);
  EXPECT_EQ(report.temporaries_removed, 1u);
  EXPECT_EQ(stored_names(), before);
}

}  // namespace
}  // namespace mooring
