#include "mooring/blob/reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "harness.h"
#include "mooring/blob/recovery.h"

namespace mooring {
namespace {

class ReaderTest : public BlobTest {
 protected:
  // Stores `content` as a file.
  void store(const std::vector<std::byte>& content) {
    struct Body {
      static Task<void> go(CoreBlobs& blobs, const std::vector<std::byte>& bytes) {
        const Status stored = co_await store_file(blobs, id_of(bytes), bytes);
        EXPECT_TRUE(stored) << describe(stored.error());
      }
    };
    run([&](CoreBlobs& blobs) { return Body::go(blobs, content); });
  }
  // Stores `content` in a segment.
  BlobLocation append(const std::vector<std::byte>& content) {
    BlobLocation location;
    struct Body {
      static Task<void> go(CoreBlobs& blobs, const std::vector<std::byte>& bytes,
                           BlobLocation& out) {
        const Result<BlobLocation> stored = co_await blobs.append(id_of(bytes), bytes);
        EXPECT_TRUE(stored);
        if (stored) out = *stored;
      }
    };
    run([&](CoreBlobs& blobs) { return Body::go(blobs, content, location); });
    return location;
  }
  // Reads and answers the content or the error; `corrupt` is what was counted.
  Result<std::vector<std::byte>> read(const BlobId& id, const BlobRecord& record,
                                      std::optional<BlobRange> range = {}) {
    Result<std::vector<std::byte>> content;
    struct Body {
      static Task<void> go(CoreBlobs& blobs, BlobId of, BlobRecord from,
                           std::optional<BlobRange> part, Result<std::vector<std::byte>>& out,
                           std::uint64_t& corrupt) {
        out = co_await read_blob(blobs, of, from, part);
        corrupt = blobs.counters().corrupt.get();
      }
    };
    run([&](CoreBlobs& blobs) { return Body::go(blobs, id, record, range, content, corrupt_); });
    return content;
  }
  Errc error_of_read(const BlobId& id, const BlobRecord& record,
                     std::optional<BlobRange> range = {}) {
    const Result<std::vector<std::byte>> content = read(id, record, range);
    EXPECT_FALSE(content);
    return content ? Errc::internal : content.error().code;
  }

  std::uint64_t corrupt_ = 0;
};

TEST_F(ReaderTest, RangesOfBothTiersAreExact) {
  open_store();
  const std::vector<std::byte> large = random_content(5_MiB + 123, 1);
  store(large);
  const std::vector<std::byte> small = random_content(10'000, 2);
  const BlobRecord small_record = segment_record(small.size(), append(small));
  const auto expect = [&](const std::vector<std::byte>& content, const BlobRecord& record,
                          BlobRange range) {
    const Result<std::vector<std::byte>> part = read(id_of(content), record, range);
    ASSERT_TRUE(part);
    const Bytes wanted = Bytes(content).subspan(range.first_byte, range.size_bytes);
    EXPECT_TRUE(std::ranges::equal(*part, wanted)) << range.first_byte << " " << range.size_bytes;
  };
  for (const BlobRange range :
       {BlobRange{0, 1}, BlobRange{1, 1_MiB}, BlobRange{1_MiB - 1, 2}, BlobRange{4097, 3_MiB + 5},
        BlobRange{5_MiB + 122, 1}, BlobRange{5_MiB + 123, 0}, BlobRange{0, 5_MiB + 123}})
    expect(large, file_record(large.size()), range);
  for (const BlobRange range : {BlobRange{0, 1}, BlobRange{9'999, 1}, BlobRange{17, 5'000}})
    expect(small, small_record, range);
}

TEST_F(ReaderTest, ADamagedFileIsNeverReadToItsEnd) {
  open_store();
  const std::vector<std::byte> content = random_content(3_MiB + 9, 3);
  store(content);
  damage(blob_path(id_of(content)), 100);
  struct Body {
    static Task<void> go(CoreBlobs& blobs, BlobId id, std::uint64_t size, std::uint64_t& handed) {
      co_await blobs.core().chunk_permits().acquire(2);
      BlobReader reader(blobs, id, file_record(size), Permits(blobs.core().chunk_permits(), 2));
      const Status opened = co_await reader.open();
      EXPECT_TRUE(opened);
      while (true) {
        const Result<Bytes> piece = co_await reader.next();
        if (!piece) {
          EXPECT_EQ(piece.error().code, Errc::corrupt);
          break;
        }
        EXPECT_FALSE(piece->empty()) << "the end of a damaged blob was reached";
        if (piece->empty()) break;
        handed += piece->size();
      }
      EXPECT_EQ(blobs.counters().corrupt.get(), 1u);
      co_await reader.close();
    }
  };
  std::uint64_t handed = 0;
  run([&](CoreBlobs& blobs) { return Body::go(blobs, id_of(content), content.size(), handed); });
  EXPECT_EQ(handed, 3_MiB) << "all but the last piece";
}

TEST_F(ReaderTest, ADamagedFileOfOnePieceHandsOutNothing) {
  open_store();
  const std::vector<std::byte> content = random_content(1_MiB, 4);
  store(content);
  damage(blob_path(id_of(content)), 1_MiB - 1);
  EXPECT_EQ(error_of_read(id_of(content), file_record(content.size())), Errc::corrupt);
  EXPECT_EQ(corrupt_, 1u);
}

TEST_F(ReaderTest, AFileOfAnotherSizeIsCorrupt) {
  open_store();
  const std::vector<std::byte> content = random_content(1_MiB, 5);
  store(content);
  std::filesystem::resize_file(blob_path(id_of(content)), 1_MiB - 1);
  EXPECT_EQ(error_of_read(id_of(content), file_record(content.size())), Errc::corrupt);
}

TEST_F(ReaderTest, AFileThatIsNotThereIsNotFound) {
  open_store();
  EXPECT_EQ(error_of_read({{1, 2}, 0}, file_record(5)), Errc::not_found);
}

TEST_F(ReaderTest, AnyDamageOfASegmentRecordIsFound) {
  open_store();
  const std::vector<std::byte> content = random_content(5000, 6);
  const BlobLocation location = append(content);
  const BlobRecord record = segment_record(content.size(), location);
  const std::uint64_t header = location.segment_offset - kSegmentHeaderBytes;
  for (const std::uint64_t at :
       {header, header + 16, header + 63, header + 64, header + 64 + 4999}) {
    damage(segment_path(location), at);
    EXPECT_EQ(error_of_read(id_of(content), record), Errc::corrupt) << at;
    EXPECT_EQ(error_of_read(id_of(content), record, BlobRange{2000, 1}), Errc::corrupt)
        << "a range of a small blob is verified too";
    EXPECT_EQ(verify_blob(store_->directory(), id_of(content), record, VerifyDepth::names),
              fail(Errc::corrupt));
    damage(segment_path(location), at);
    EXPECT_TRUE(read(id_of(content), record));
  }
}

TEST_F(ReaderTest, ARecordThatPointsElsewhereIsCorrupt) {
  open_store();
  const std::vector<std::byte> content = random_content(5000, 7);
  const BlobLocation location = append(content);
  BlobRecord record = segment_record(content.size(), location);
  record.location.segment_offset += 16;
  EXPECT_EQ(error_of_read(id_of(content), record), Errc::corrupt);
  record.location.segment_offset = 3;
  EXPECT_EQ(error_of_read(id_of(content), record), Errc::corrupt);
  record.location.segment_offset = 1_GiB;
  EXPECT_EQ(error_of_read(id_of(content), record), Errc::corrupt);
  record = segment_record(content.size() - 1, location);
  EXPECT_EQ(error_of_read(id_of(content), record), Errc::corrupt);
  record = segment_record(content.size(), location);
  EXPECT_EQ(error_of_read({id_of(content).hash, 1}, record), Errc::corrupt);
}

TEST_F(ReaderTest, ATornSegmentIsCorrupt) {
  open_store();
  const std::vector<std::byte> content = random_content(20'000, 8);
  const BlobLocation location = append(content);
  std::filesystem::resize_file(segment_path(location), 8192);
  EXPECT_EQ(error_of_read(id_of(content), segment_record(content.size(), location)), Errc::corrupt);
}

TEST_F(ReaderTest, DeepVerificationHashesFiles) {
  open_store();
  const std::vector<std::byte> content = random_content(2_MiB + 1, 9);
  store(content);
  const BlobId id = id_of(content);
  const BlobRecord record = file_record(content.size());
  EXPECT_TRUE(verify_blob(store_->directory(), id, record, VerifyDepth::contents));
  damage(blob_path(id), 2_MiB);
  EXPECT_TRUE(verify_blob(store_->directory(), id, record, VerifyDepth::names));
  EXPECT_EQ(verify_blob(store_->directory(), id, record, VerifyDepth::contents),
            fail(Errc::corrupt));
}

TEST_F(ReaderTest, ClosingInTheMiddleGivesEverythingBack) {
  open_store();
  const std::vector<std::byte> content = random_content(5_MiB, 10);
  store(content);
  struct Body {
    static Task<void> go(CoreBlobs& blobs, BlobId id, std::uint64_t size) {
      Semaphore& permits = blobs.core().chunk_permits();
      const std::size_t before = permits.available();
      co_await permits.acquire(2);
      BlobReader reader(blobs, id, file_record(size), Permits(permits, 2));
      const Status opened = co_await reader.open();
      EXPECT_TRUE(opened);
      const Result<Bytes> piece = co_await reader.next();
      EXPECT_TRUE(piece);
      co_await reader.close();
      EXPECT_EQ(permits.available(), before);
      EXPECT_EQ(blobs.core().chunks().leased(), SegmentWriter::kChunks);
    }
  };
  run([&](CoreBlobs& blobs) { return Body::go(blobs, id_of(content), content.size()); });
}

TEST_F(ReaderTest, OneChunkIsEnoughForAnyFile) {
  open_store();
  const std::vector<std::byte> content = random_content(3_MiB + 1, 11);
  store(content);
  struct Body {
    static Task<void> go(CoreBlobs& blobs, const std::vector<std::byte>& wanted) {
      co_await blobs.core().chunk_permits().acquire(1);
      BlobReader reader(blobs, id_of(wanted), file_record(wanted.size()),
                        Permits(blobs.core().chunk_permits(), 1));
      const Status opened = co_await reader.open();
      EXPECT_TRUE(opened);
      std::size_t done = 0;
      while (true) {
        const Result<Bytes> piece = co_await reader.next();
        EXPECT_TRUE(piece);
        if (!piece || piece->empty()) break;
        EXPECT_TRUE(std::ranges::equal(*piece, Bytes(wanted).subspan(done, piece->size())));
        done += piece->size();
      }
      EXPECT_EQ(done, wanted.size());
      co_await reader.close();
    }
  };
  run([&](CoreBlobs& blobs) { return Body::go(blobs, content); });
}

// Takes a file out of the page cache.
void chill(const std::filesystem::path& path) {
  Result<Fd> file = open_for_read(AT_FDCWD, path.string(), Caching::buffered);
  ASSERT_TRUE(file);
  ASSERT_EQ(::fdatasync(file->get()), 0);
  ASSERT_EQ(::posix_fadvise(file->get(), 0, 0, POSIX_FADV_DONTNEED), 0);
}

// Reads through the page cache everything from `first_byte` on.
void warm(const std::filesystem::path& path, std::uint64_t first_byte) {
  Result<Fd> file = open_for_read(AT_FDCWD, path.string(), Caching::buffered);
  ASSERT_TRUE(file);
  std::vector<std::byte> memory(std::filesystem::file_size(path) - first_byte);
  ASSERT_TRUE(read_exactly(file->get(), memory, first_byte));
}

class ReaderOfEveryTemperature : public ReaderTest,
                                 public ::testing::WithParamInterface<std::uint64_t> {
 protected:
  void expect_content(const std::vector<std::byte>& content, std::optional<BlobRange> range) {
    const BlobRange part = range.value_or(BlobRange{0, content.size()});
    const Result<std::vector<std::byte>> read_part =
        read(id_of(content), file_record(content.size()), range);
    ASSERT_TRUE(read_part) << describe(read_part.error());
    const Bytes wanted = Bytes(content).subspan(part.first_byte, part.size_bytes);
    EXPECT_TRUE(std::ranges::equal(*read_part, wanted)) << part.first_byte << " " << content.size();
  }
};

// The parameter is direct_read_bytes_min: past the cache, through it.
TEST_P(ReaderOfEveryTemperature, GivesTheSameBytes) {
  BlobOptions options;
  options.direct_read_bytes_min = GetParam();
  options.read_piece_bytes = 64_KiB;
  open_store(options);
  for (const std::size_t size : {std::size_t{5}, std::size_t{1_MiB}, std::size_t{4_MiB + 4097}}) {
    const std::vector<std::byte> content = random_content(size, static_cast<unsigned>(size));
    store(content);
    const std::filesystem::path path = blob_path(id_of(content));
    chill(path);
    expect_content(content, {});
    chill(path);
    warm(path, size / 2);
    expect_content(content, {});
    warm(path, 0);
    expect_content(content, {});
    if (size < 2_MiB) continue;
    for (const BlobRange range : {BlobRange{4095, 2_MiB}, BlobRange{4096, 1_MiB + 1},
                                  BlobRange{1_MiB + 513, 3_MiB}, BlobRange{size - 7, 7}}) {
      chill(path);
      expect_content(content, range);
      warm(path, 0);
      expect_content(content, range);
    }
  }
}

TEST_P(ReaderOfEveryTemperature, NeverEndsADamagedFile) {
  BlobOptions options;
  options.direct_read_bytes_min = GetParam();
  open_store(options);
  const std::vector<std::byte> content = random_content(3_MiB + 9, 3);
  store(content);
  const std::filesystem::path path = blob_path(id_of(content));
  for (const std::uint64_t at : {std::uint64_t{0}, 2_MiB, 3_MiB + 8}) {
    damage(path, at);
    EXPECT_EQ(error_of_read(id_of(content), file_record(content.size())), Errc::corrupt) << at;
    chill(path);
    EXPECT_EQ(error_of_read(id_of(content), file_record(content.size())), Errc::corrupt) << at;
    damage(path, at);
  }
  EXPECT_TRUE(read(id_of(content), file_record(content.size())));
}

// Between any two pieces others get the chunks; of each piece some bytes are not sent yet then.
TEST_P(ReaderOfEveryTemperature, GoesOnAfterAPause) {
  BlobOptions options;
  options.direct_read_bytes_min = GetParam();
  options.read_piece_bytes = 64_KiB;
  open_store(options);
  struct Body {
    static Task<void> go(CoreBlobs& blobs, const std::vector<std::byte>& stored, BlobRange range) {
      Semaphore& permits = blobs.core().chunk_permits();
      const std::size_t all = permits.available();
      co_await permits.acquire(2);
      BlobReader reader(blobs, id_of(stored), file_record(stored.size()), Permits(permits, 2),
                        range);
      const Status opened = co_await reader.open();
      EXPECT_TRUE(opened);
      const Bytes wanted = Bytes(stored).subspan(range.first_byte, range.size_bytes);
      std::size_t done = 0;
      for (std::size_t step = 0;; ++step) {
        const Result<Bytes> piece = co_await reader.next();
        EXPECT_TRUE(piece) << describe(piece.error());
        if (!piece || piece->empty()) break;
        EXPECT_TRUE(std::ranges::equal(*piece, wanted.subspan(done, piece->size()))) << done;
        done += piece->size();
        const std::size_t left = std::min<std::size_t>(piece->size(), (step % 3) * 7001);
        co_await reader.pause(piece->last(left));
        EXPECT_FALSE(reader.holds_chunks());
        EXPECT_EQ(permits.available(), all);
        EXPECT_EQ(blobs.core().chunks().leased(), SegmentWriter::kChunks);
        const Result<Bytes> again = co_await reader.resume();
        EXPECT_TRUE(again) << describe(again.error());
        if (!again) break;
        EXPECT_TRUE(std::ranges::equal(*again, wanted.subspan(done - left, left))) << done;
      }
      EXPECT_EQ(done, wanted.size());
      EXPECT_GT(blobs.counters().read_pauses.get(), 0u);
      co_await reader.close();
    }
  };
  for (const std::size_t size : {std::size_t{5}, std::size_t{1_MiB}, std::size_t{3_MiB + 4097}}) {
    const std::vector<std::byte> content = random_content(size, static_cast<unsigned>(size));
    store(content);
    const std::filesystem::path path = blob_path(id_of(content));
    for (const BlobRange range : {BlobRange{0, size}, BlobRange{3, size - 4}}) {
      for (const std::uint64_t cold_bytes : {std::uint64_t{0}, size / 2, size}) {
        chill(path);
        warm(path, cold_bytes);
        run([&](CoreBlobs& blobs) { return Body::go(blobs, content, range); });
      }
    }
  }
}

TEST_P(ReaderOfEveryTemperature, NoticesWhatChangedDuringAPause) {
  BlobOptions options;
  options.direct_read_bytes_min = GetParam();
  open_store(options);
  const std::vector<std::byte> content = random_content(3_MiB, 12);
  store(content);
  struct Body {
    static Task<void> go(CoreBlobs& blobs, BlobId id, std::function<void()> change) {
      Semaphore& permits = blobs.core().chunk_permits();
      co_await permits.acquire(2);
      BlobReader reader(blobs, id, file_record(3_MiB), Permits(permits, 2));
      const Status opened = co_await reader.open();
      EXPECT_TRUE(opened);
      const Result<Bytes> piece = co_await reader.next();
      EXPECT_TRUE(piece);
      co_await reader.pause(piece->last(1));
      change();
      const Result<Bytes> again = co_await reader.resume();
      EXPECT_EQ(again, fail(Errc::corrupt));
      EXPECT_EQ(blobs.counters().corrupt.get(), 1u);
      co_await reader.close();
    }
  };
  const std::filesystem::path path = blob_path(id_of(content));
  run([&](CoreBlobs& blobs) {
    return Body::go(blobs, id_of(content), [&] { damage(path, 256_KiB - 1); });
  });
}

INSTANTIATE_TEST_SUITE_P(PastAndThroughTheCache, ReaderOfEveryTemperature,
                         ::testing::Values(1_MiB, 1_GiB));

TEST_F(ReaderTest, SegmentDescriptorsAreBounded) {
  BlobOptions options;
  options.segment_descriptors_max = 2;
  open_store(options);
  std::vector<std::vector<std::byte>> contents;
  std::vector<BlobLocation> locations;
  for (unsigned i = 0; i < 5; ++i) {
    contents.push_back(random_content(100, i));
    locations.push_back(append(contents.back()));  // a new segment each time
  }
  struct Body {
    static Task<void> go(CoreBlobs& blobs, std::vector<std::vector<std::byte>>& all,
                         std::vector<BlobLocation>& places) {
      for (std::size_t round = 0; round < 2 * all.size(); ++round) {
        const std::size_t i = round % all.size();
        const Result<std::vector<std::byte>> content =
            co_await read_blob(blobs, id_of(all[i]), segment_record(100, places[i]));
        EXPECT_TRUE(content && *content == all[i]);
        EXPECT_LE(blobs.segment_files().size(), 2u);
      }
      blobs.segment_files().forget(segment_of(places.back()));
      EXPECT_EQ(blobs.segment_files().size(), 1u);
    }
  };
  run([&](CoreBlobs& blobs) { return Body::go(blobs, contents, locations); });
}

}  // namespace
}  // namespace mooring
