#include "mooring/blob/compare.h"

#include <gtest/gtest.h>

#include "harness.h"
#include "test_data.h"

namespace mooring {
namespace {

using CompareTest = BlobTest;
using Content = std::vector<std::byte>;

Task<void> expect_same(CoreBlobs& blobs, const Content& content, BlobId id, BlobRecord record,
                       Result<bool> wanted) {
  const Result<bool> same = co_await same_content(blobs, content, id, record);
  EXPECT_EQ(same, wanted) << "from memory";
  Landing landing(blobs, content.size());
  const Status landed = co_await land(blobs, landing, content);
  EXPECT_TRUE(landed);
  const Result<bool> landed_same = co_await same_content(blobs, landing, id, record);
  EXPECT_EQ(landed_same, wanted) << "from a landing";
  co_await landing.abandon();
}

Content changed(Content content, std::size_t at) {
  content[at] ^= std::byte{1};
  return content;
}

Task<void> compare_sizes(CoreBlobs& blobs) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{5000}, 1_MiB, 1_MiB + 1, 3_MiB + 17}) {
    const Content content = random_content(size, static_cast<unsigned>(size));
    const BlobId id = id_of(content);
    const Status stored = co_await store_file(blobs, id, content);
    EXPECT_TRUE(stored);
    co_await expect_same(blobs, content, id, file_record(size), true);
    // Not what the caller's hash says, so an intact stored file: the answer is a collision.
    co_await expect_same(blobs, changed(content, 0), id, file_record(size), false);
    co_await expect_same(blobs, changed(content, size - 1), id, file_record(size), false);
    if (size > kSegmentContentBytesMax) continue;
    const Result<BlobLocation> location = co_await blobs.append(id, content);
    EXPECT_TRUE(location);
    const BlobRecord record = segment_record(size, *location);
    co_await expect_same(blobs, content, id, record, true);
    co_await expect_same(blobs, changed(content, size - 1), id, record, false);
  }
}

TEST_F(CompareTest, EveryByteCountsInBothTiers) {
  open_store();
  run(compare_sizes);
}

TEST_F(CompareTest, EveryByteCountsThroughThePageCache) {
  open_store({}, {.caching = Caching::buffered});
  run(compare_sizes);
}

TEST_F(CompareTest, AnotherSizeIsAnotherContent) {
  open_store();
  const Content content = random_content(100, 1);
  run([&](CoreBlobs& blobs) {
    return expect_same(blobs, content, id_of(content), file_record(101), false);
  });
}

Task<void> store_one(CoreBlobs& blobs, const Content& content) {
  const Status stored = co_await store_file(blobs, id_of(content), content);
  EXPECT_TRUE(stored);
}

TEST_F(CompareTest, ADamagedFileIsNoCollision) {
  open_store();
  const Content content = random_content(2_MiB, 2);
  run([&](CoreBlobs& blobs) { return store_one(blobs, content); });
  damage(blob_path(id_of(content)), 1_MiB + 3);
  run([&](CoreBlobs& blobs) {
    return expect_same(blobs, content, id_of(content), file_record(content.size()),
                       fail(Errc::corrupt));
  });
}

TEST_F(CompareTest, AMissingFileIsNotFound) {
  open_store();
  const Content content = random_content(100, 3);
  run([&](CoreBlobs& blobs) {
    return expect_same(blobs, content, id_of(content), file_record(content.size()),
                       fail(Errc::not_found));
  });
}

// A real pair with one XXH3-128: both are stored, told apart, and come back intact (DESIGN:
// ordinals).
Task<void> collide(CoreBlobs& blobs, const Content& a, const Content& b) {
  const BlobId first{xxh3_128(a), 0};
  const BlobId second{xxh3_128(b), 1};
  const Result<BlobLocation> location = co_await blobs.append(first, a);
  EXPECT_TRUE(location);
  const BlobRecord record = segment_record(a.size(), *location);
  co_await expect_same(blobs, a, first, record, true);
  co_await expect_same(blobs, b, first, record, false);

  const Result<BlobLocation> other = co_await blobs.append(second, b);
  EXPECT_TRUE(other);
  const BlobRecord other_record = segment_record(b.size(), *other);
  co_await expect_same(blobs, b, second, other_record, true);
  const Result<Content> read_a = co_await read_blob(blobs, first, record);
  EXPECT_TRUE(read_a && *read_a == a);
  const Result<Content> read_b = co_await read_blob(blobs, second, other_record);
  EXPECT_TRUE(read_b && *read_b == b);

  const Status file_a = co_await store_file(blobs, first, a);
  EXPECT_TRUE(file_a);
  const Status file_b = co_await store_file(blobs, second, b);
  EXPECT_TRUE(file_b);
  co_await expect_same(blobs, b, first, file_record(b.size()), false);
  const Result<Content> from_file = co_await read_blob(blobs, second, file_record(b.size()));
  EXPECT_TRUE(from_file && *from_file == b);
}

TEST_F(CompareTest, TwoContentsOfOneHashLiveSideBySide) {
  const Content a = load(MOORING_TEST_DATA "/collide-4096-a.bin");
  const Content b = load(MOORING_TEST_DATA "/collide-4096-b.bin");
  ASSERT_EQ(a.size(), 4096u);
  ASSERT_EQ(xxh3_128(a), xxh3_128(b));
  ASSERT_NE(a, b);
  open_store();
  run([&](CoreBlobs& blobs) { return collide(blobs, a, b); });
  EXPECT_EQ(load(blob_path({xxh3_128(a), 1})), b);
}

}  // namespace
}  // namespace mooring
