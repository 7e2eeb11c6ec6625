// `mooring check` walks every segment: what it takes for a record, for dead space and for damage.
#include <fmt/format.h>

#include "check_store.h"

namespace mooring {
namespace {

using CheckSegmentsTest = CheckTest;

TEST_F(CheckSegmentsTest, DeepNamesAContentInASegmentWithAFlippedByte) {
  fill();
  stop_cleanly();
  flip_byte(segment(), kSegmentHeaderBytes + 50);
  expect_problem(to_string(id_of(std::string(100, 'a'))), CheckDepth::contents);
}

TEST_F(CheckSegmentsTest, NamesADamagedHeaderOfALiveRecordAndTheBytesItLeavesBehind) {
  fill();
  stop_cleanly();
  flip_byte(segment(), 0);
  const Outcome found = check();
  EXPECT_EQ(found.exit_code, kExitDamaged);
  EXPECT_TRUE(found.says("blob " + to_string(id_of(std::string(100, 'a'))))) << found.output;
  EXPECT_TRUE(found.says("segments/0-1: bytes 0 to ")) << found.output;
}

TEST_F(CheckSegmentsTest, NamesAMissingSegment) {
  fill();
  stop_cleanly();
  fs::remove(segment());
  const Outcome found = check();
  EXPECT_EQ(found.exit_code, kExitDamaged);
  EXPECT_TRUE(found.says("\n2 problems\n")) << found.output;
}

TEST_F(CheckSegmentsTest, NamesBytesOfASegmentThatNoRecordOwns) {
  fill();
  stop_cleanly();
  append(segment(), std::string(kBlockBytes, 'x'));
  expect_problem("segments/0-1: bytes 12288 to 16384 belong to no record");
}

TEST_F(CheckSegmentsTest, CountsTheBlocksOfABatchThatWasLostBeforeALaterOneAsDead) {
  fill();
  const std::string content(1000, 'd');
  add_small_picture(content, 5 * kBlockBytes);
  stop_cleanly();
  for (const char lost : {'\0', 'x'}) {
    fs::resize_file(segment(), 3 * kBlockBytes);
    append(segment(), std::string(2 * kBlockBytes, lost) + record_at(5 * kBlockBytes, content));
    fs::resize_file(segment(), 6 * kBlockBytes);
    const Outcome found = check(CheckDepth::contents);
    EXPECT_EQ(found.exit_code, kExitOk) << found.output;
    EXPECT_TRUE(found.says("1 segments with 11192 dead bytes")) << found.output;
  }
}

TEST_F(CheckSegmentsTest, NamesBytesInTheMiddleOfABatchThatNoRecordOwns) {
  fill();
  const std::string content(1000, 'd');
  add_small_picture(content, 3 * kBlockBytes);
  stop_cleanly();
  const auto dead = segment_record_bytes(100) + segment_record_bytes(5000);
  flip_byte(segment(), static_cast<std::streamoff>(dead));
  append(segment(), record_at(3 * kBlockBytes, content));
  fs::resize_file(segment(), 4 * kBlockBytes);
  expect_problem(fmt::format("segments/0-1: bytes {} to 12288 belong to no record", dead));
}

TEST_F(CheckSegmentsTest, PassesARecordOfWhichRecoveryLeftLessThanItsHeader) {
  fill();
  stop_cleanly();
  append(segment(), "moorblob" + std::string(40, 'x'));
  EXPECT_EQ(check().exit_code, kExitOk);
}

TEST_F(CheckSegmentsTest, NamesUnusedSpaceOfASegmentThatWasClosed) {
  fill();
  stop_cleanly();
  append(segment(), std::string(3 * kBlockBytes, '\0'));
  expect_problem("segments/0-1: 12288 unused bytes from 12288 on");
}

TEST_F(CheckSegmentsTest, NamesASegmentWhoseAccountIsWrong) {
  fill();
  change([](Transaction& transaction) -> Status {
    transaction.put(Family::segment, std::string_view("\0\0\0\0\0\1", 6),
                    encode(SegmentRecord{9000, 9000, 3}));
    return {};
  });
  stop_cleanly();
  expect_problem("its account says 9000 bytes in 3 blobs, its blobs are 5100 bytes in 2");
}

}  // namespace
}  // namespace mooring
