#include "mooring/blob/collect.h"

#include <gtest/gtest.h>

#include "harness.h"

namespace mooring {
namespace {

using CollectTest = BlobTest;
using Content = std::vector<std::byte>;

Task<void> remove_while_read(CoreBlobs& blobs, const Content& content) {
  const BlobId id = id_of(content);
  const Status stored = co_await store_file(blobs, id, content);
  EXPECT_TRUE(stored);
  co_await blobs.core().chunk_permits().acquire(2);
  BlobReader reader(blobs, id, file_record(content.size()),
                    Permits(blobs.core().chunk_permits(), 2));
  const Status opened = co_await reader.open();
  EXPECT_TRUE(opened);

  const Status removed = co_await remove_blob_file(blobs, id);
  EXPECT_TRUE(removed);
  const Status again = co_await remove_blob_file(blobs, id);
  EXPECT_TRUE(again) << "removing twice is fine";

  std::size_t handed = 0;
  while (true) {
    const Result<Bytes> piece = co_await reader.next();
    EXPECT_TRUE(piece);
    if (!piece || piece->empty()) break;
    handed += piece->size();
  }
  EXPECT_EQ(handed, content.size()) << "an open reader goes on";
  co_await reader.close();
}

TEST_F(CollectTest, ARemovedFileIsGoneButOpenReadersGoOn) {
  open_store();
  const Content content = random_content(3_MiB, 1);
  run([&](CoreBlobs& blobs) { return remove_while_read(blobs, content); });
  EXPECT_TRUE(stored_names().empty());
}

Task<void> append_one(CoreBlobs& blobs, const Content& content, BlobLocation& out) {
  const Result<BlobLocation> location = co_await blobs.append(id_of(content), content);
  EXPECT_TRUE(location);
  out = *location;
  const Status dropped = co_await drop_segment(blobs, segment_of(*location));
  EXPECT_EQ(dropped, fail(Errc::conflict)) << "it is still written to";
}

Task<void> drop(CoreBlobs& blobs, SegmentId segment) {
  const Status dropped = co_await drop_segment(blobs, segment);
  EXPECT_TRUE(dropped);
  const Status again = co_await drop_segment(blobs, segment);
  EXPECT_TRUE(again);
}

TEST_F(CollectTest, OnlyAClosedSegmentIsDropped) {
  open_store();
  const Content content = random_content(100, 2);
  BlobLocation location;
  run([&](CoreBlobs& blobs) { return append_one(blobs, content, location); });
  EXPECT_EQ(stored_names().size(), 1u);
  run([&](CoreBlobs& blobs) { return drop(blobs, segment_of(location)); });
  EXPECT_TRUE(stored_names().empty());
}

Task<void> open_for_once(CoreBlobs& blobs, SegmentId segment, bool& opened) {
  const auto file = co_await blobs.segment_files().open(segment);
  opened = file.has_value();
}

Task<void> forget(CoreBlobs& blobs, SegmentId segment) {
  blobs.segment_files().forget(segment);
  co_return;
}

Task<void> forget_while_it_is_opened(CoreBlobs& blobs, SegmentId segment) {
  bool opened = false;
  Gate gate(blobs.core());
  gate.spawn(open_for_once(blobs, segment, opened));
  gate.spawn(forget(blobs, segment));  // in the same turn: the worker has not answered yet
  co_await gate.empty();
  EXPECT_TRUE(opened);
  EXPECT_EQ(blobs.segment_files().size(), 0u) << "its space would never come back";
}

TEST_F(CollectTest, ASegmentThatIsDroppedWhileItIsOpenedIsNotKeptOpen) {
  open_store();
  const Content content = random_content(100, 2);
  BlobLocation location;
  run([&](CoreBlobs& blobs) { return append_one(blobs, content, location); });
  run([&](CoreBlobs& blobs) { return forget_while_it_is_opened(blobs, segment_of(location)); });
}

}  // namespace
}  // namespace mooring
