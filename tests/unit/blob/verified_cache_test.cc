#include "mooring/blob/verified_cache.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "harness.h"
#include "mooring/uring/socket.h"

namespace mooring {
namespace {

constexpr std::uint64_t kCacheBytes = 1_MiB;

// Each time another content.
std::vector<std::byte> random_content(std::size_t size_bytes) {
  static unsigned seed = 0;
  return mooring::random_content(size_bytes, ++seed);
}

// As who reads it for the second time.
CacheFill begin(VerifiedCache& cache, const BlobId& id, std::uint64_t size_bytes) {
  EXPECT_FALSE(cache.begin(id, size_bytes));
  return cache.begin(id, size_bytes);
}

// Everything appended in pieces of `piece_bytes` and finished; false: it was not taken in.
bool put(VerifiedCache& cache, const BlobId& id, Bytes content, std::size_t piece_bytes = 64_KiB) {
  CacheFill fill = begin(cache, id, content.size());
  for (std::size_t at = 0; fill && at < content.size(); at += piece_bytes)
    fill.append(content.subspan(at, std::min(piece_bytes, content.size() - at)));
  if (!fill) return false;
  fill.finish();
  return true;
}

bool put(VerifiedCache& cache, const std::vector<std::byte>& content) {
  return put(cache, id_of(content), content);
}

bool has(VerifiedCache& cache, const std::vector<std::byte>& content) {
  return cache.find(id_of(content)) != nullptr;
}

std::vector<std::byte> read_all(const FileStretch& stretch) {
  if (stretch.memory != nullptr) {
    const Bytes bytes(stretch.memory + stretch.first_byte, stretch.size_bytes);
    return {bytes.begin(), bytes.end()};
  }
  std::vector<std::byte> content(stretch.size_bytes);
  const ssize_t n =
      ::pread(stretch.fd, content.data(), content.size(), static_cast<off_t>(stretch.first_byte));
  EXPECT_EQ(n, static_cast<ssize_t>(content.size()));
  return content;
}

// Memory that the kernel has given to the file of `stretch`.
std::uint64_t memory_of(const FileStretch& stretch) {
  struct stat status{};
  EXPECT_EQ(::fstat(stretch.fd, &status), 0);
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

TEST(VerifiedCache, WhatWasFinishedIsFoundWithItsBytes) {
  VerifiedCache cache(kCacheBytes);
  for (const std::size_t size : {std::size_t{1}, std::size_t{4096}, std::size_t{100'000}}) {
    const auto content = random_content(size);
    ASSERT_TRUE(put(cache, id_of(content), content, 3000)) << size;
    const CachedContent hit = cache.find(id_of(content));
    ASSERT_NE(hit, nullptr) << size;
    EXPECT_EQ(read_all(hit->stretch()), content) << size;
    EXPECT_EQ(cache.find(id_of(content, 1)), nullptr) << "another ordinal is another content";
  }
  EXPECT_EQ(cache.numbers().contents, 3u);
  EXPECT_EQ(cache.numbers().bytes, 4096u + 4096u + round_up(100'000, kBlockBytes));
  EXPECT_EQ(cache.numbers().hits, 3u);
  EXPECT_EQ(cache.numbers().misses, 3u);
}

TEST(VerifiedCache, WhatIsSmallCanBeReadAndTheRestIsSentByReference) {
  VerifiedCache cache(kCacheBytes, 10'000);
  for (const std::size_t size : {1u, 4096u, 4097u, 10'000u, 10'001u}) {
    const auto content = random_content(size);
    CacheFill fill = begin(cache, id_of(content), size);
    const std::optional<FileStretch> place = fill.append(content);
    EXPECT_EQ(place.has_value(), size > 10'000) << size;
    ASSERT_TRUE(fill) << size;
    fill.finish();
    const CachedContent hit = cache.find(id_of(content));
    const Bytes memory = hit->memory();
    EXPECT_EQ(hit->size_bytes(), size);
    if (size <= 10'000)
      EXPECT_EQ(std::vector(memory.begin(), memory.end()), content) << size;
    else
      EXPECT_TRUE(memory.empty());
  }
}

TEST(VerifiedCache, NothingIsReadIfNothingIsToBeCopied) {
  VerifiedCache cache(kCacheBytes, 0);
  const auto content = random_content(1);
  ASSERT_TRUE(put(cache, content));
  EXPECT_TRUE(cache.find(id_of(content))->memory().empty());
}

TEST(VerifiedCache, APlaceIsUsedAgainWhenNobodyReadsItAnyMore) {
  VerifiedCache cache(kCacheBytes);
  const auto first = random_content(4000), second = random_content(3000);
  ASSERT_TRUE(put(cache, first));
  CachedContent held = cache.find(id_of(first));
  cache.drop(id_of(first));
  ASSERT_TRUE(put(cache, second));
  const CachedContent other = cache.find(id_of(second));
  EXPECT_NE(other->memory().data(), held->memory().data());
  EXPECT_EQ(std::vector(held->memory().begin(), held->memory().end()), first);
  const std::byte* const place = held->memory().data();
  held.reset();
  const auto third = random_content(2000);
  ASSERT_TRUE(put(cache, third));
  const CachedContent hit = cache.find(id_of(third));
  EXPECT_EQ(hit->memory().data(), place);
  EXPECT_EQ(std::vector(hit->memory().begin(), hit->memory().end()), third);
}

TEST(VerifiedCache, FillsForWhomNoPlaceIsLeftAreNotTakenOn) {
  VerifiedCache cache(64_KiB);
  std::vector<CacheFill> fills;
  for (int i = 0; i < 2 * 16 + 1; ++i) {  // pages of it twice, and one
    fills.push_back(begin(cache, id_of(random_content(4000)), 4000));
    EXPECT_TRUE(fills.back()) << i;
  }
  const auto late = random_content(4000);
  EXPECT_FALSE(begin(cache, id_of(late), late.size()));
  fills.clear();
  EXPECT_TRUE(put(cache, late));
}

TEST(VerifiedCache, WhatWasNotFinishedIsNeverFoundAndLeavesNoMemory) {
  VerifiedCache cache(kCacheBytes);
  const auto content = random_content(100'000);
  {
    CacheFill fill = begin(cache, id_of(content), content.size());
    ASSERT_TRUE(fill);
    ASSERT_TRUE(fill.append(content));
    EXPECT_FALSE(has(cache, content));
    EXPECT_FALSE(cache.begin(id_of(content), content.size())) << "somebody is at it";
  }
  EXPECT_FALSE(has(cache, content));
  EXPECT_EQ(cache.numbers().bytes, 0u);
  EXPECT_TRUE(put(cache, content));
}

TEST(VerifiedCache, ZeroHoldsNothing) {
  VerifiedCache cache(0);
  EXPECT_FALSE(put(cache, random_content(1000)));
  EXPECT_EQ(cache.numbers().bytes_max, 0u);
}

TEST(VerifiedCache, WhatIsEmptyOrOverHalfOfItNeverEnters) {
  VerifiedCache cache(kCacheBytes);
  EXPECT_FALSE(begin(cache, id_of({}), 0));
  EXPECT_FALSE(begin(cache, id_of({}), kCacheBytes / 2 + 1));
  EXPECT_TRUE(begin(cache, id_of({}), kCacheBytes / 2));
}

TEST(VerifiedCache, AScanPushesNothingOut) {
  VerifiedCache cache(kCacheBytes);
  const auto content = random_content(512_KiB), other = random_content(512_KiB);
  ASSERT_TRUE(put(cache, content));
  ASSERT_TRUE(put(cache, other));
  for (int i = 0; i < 100; ++i) {
    const auto scanned = random_content(256_KiB);
    EXPECT_FALSE(cache.begin(id_of(scanned), scanned.size())) << "read once";
  }
  EXPECT_TRUE(has(cache, content));
  EXPECT_TRUE(has(cache, other));
}

TEST(VerifiedCache, WhatWasNotSentForLongMakesRoom) {
  VerifiedCache cache(kCacheBytes);
  std::vector<std::vector<std::byte>> contents;
  for (int i = 0; i < 5; ++i) contents.push_back(random_content(256_KiB));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(put(cache, contents[i])) << i;
  EXPECT_TRUE(has(cache, contents[0]));
  EXPECT_TRUE(put(cache, contents[4]));
  EXPECT_FALSE(has(cache, contents[1]));
  for (const int i : {0, 2, 3, 4}) EXPECT_TRUE(has(cache, contents[i])) << i;
  EXPECT_EQ(cache.numbers().pushed_out, 1u);
  EXPECT_EQ(cache.numbers().bytes, kCacheBytes);
}

TEST(VerifiedCache, ItsMemoryNeverExceedsItsBound) {
  VerifiedCache cache(kCacheBytes);
  for (int i = 0; i < 300; ++i) {
    const auto content = random_content(1 + static_cast<std::size_t>(i) * 1733 % 400'000);
    put(cache, content);
    ASSERT_LE(cache.numbers().bytes, kCacheBytes);
    if (const CachedContent hit = cache.find(id_of(content))) {
      ASSERT_EQ(read_all(hit->stretch()), content);
      ASSERT_LE(memory_of(hit->stretch()), kCacheBytes);
      ASSERT_EQ(memory_of(hit->stretch()), cache.numbers().bytes);
    }
  }
  EXPECT_GT(cache.numbers().pushed_out, 0u);
}

TEST(VerifiedCache, AFillWithoutRoomGivesUp) {
  VerifiedCache cache(kCacheBytes);
  const auto first = random_content(512_KiB), second = random_content(512_KiB);
  ASSERT_TRUE(put(cache, first));
  ASSERT_TRUE(put(cache, second));
  const CachedContent held = cache.find(id_of(first));
  const CachedContent held_too = cache.find(id_of(second));
  const auto third = random_content(512_KiB);
  EXPECT_FALSE(put(cache, third)) << "what is being sent keeps its memory";
  EXPECT_EQ(cache.numbers().bytes, kCacheBytes);
  EXPECT_EQ(read_all(held->stretch()), first);
  EXPECT_EQ(read_all(held_too->stretch()), second);
}

TEST(VerifiedCache, ALargeContentGivesItsMemoryBackPieceByPiece) {
  VerifiedCache cache(8_MiB);
  const auto large = random_content(4_MiB), other = random_content(4_MiB);
  ASSERT_TRUE(put(cache, large));
  ASSERT_TRUE(put(cache, other));
  const auto small = random_content(100'000);
  ASSERT_TRUE(put(cache, small));
  EXPECT_FALSE(has(cache, large));
  EXPECT_TRUE(has(cache, other));
  EXPECT_EQ(cache.numbers().bytes, 8_MiB) << "only the room that was needed was taken";
  const CachedContent hit = cache.find(id_of(small));
  EXPECT_EQ(memory_of(hit->stretch()), 8_MiB);
}

TEST(VerifiedCache, WhatIsDroppedIsNotFoundAndItsReadersEndUndisturbed) {
  VerifiedCache cache(kCacheBytes);
  const auto content = random_content(200'000);
  ASSERT_TRUE(put(cache, content));
  CachedContent held = cache.find(id_of(content));
  cache.drop(id_of(content));
  cache.drop(id_of(content));
  EXPECT_FALSE(has(cache, content));
  EXPECT_EQ(read_all(held->stretch()), content);
  EXPECT_GT(cache.numbers().bytes, 0u);
  held.reset();
  EXPECT_EQ(cache.numbers().bytes, 0u);
}

TEST(VerifiedCache, AFillThatBeganBeforeADropIsNeverFound) {
  VerifiedCache cache(kCacheBytes);
  const auto old = random_content(50'000), young = random_content(50'000);
  const BlobId id = id_of(old);  // of both: they collide
  CacheFill fill = begin(cache, id, old.size());
  ASSERT_TRUE(fill.append(old));
  cache.drop(id);
  ASSERT_TRUE(put(cache, id, young));
  fill.finish();
  const CachedContent hit = cache.find(id);
  ASSERT_NE(hit, nullptr);
  EXPECT_EQ(read_all(hit->stretch()), young);
  EXPECT_EQ(cache.numbers().contents, 1u);
}

// What a socket holds of `content` is what was there, whatever `use_again` does to the memory.
void expect_kept_in_a_socket(VerifiedCache& cache, const std::vector<std::byte>& content,
                             const auto& use_again) {
  ASSERT_TRUE(put(cache, content));
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd from(ends[0]), to(ends[1]);
  never_wait(from.get());
  CachedContent hit = cache.find(id_of(content));
  FileStretch first = hit->stretch();
  first.size_bytes = 64_KiB;
  const Result<std::size_t> sent = send_stretch(from.get(), first);
  ASSERT_TRUE(sent);
  ASSERT_GT(*sent, 0u);
  hit.reset();
  cache.drop(id_of(content));
  use_again();
  std::vector<std::byte> received(*sent);
  ASSERT_EQ(::recv(to.get(), received.data(), received.size(), MSG_WAITALL),
            static_cast<ssize_t>(received.size()));
  EXPECT_TRUE(std::equal(received.begin(), received.end(), content.begin()));
}

TEST(VerifiedCache, PagesInASocketKeepTheirBytesWhenTheyWerePunchedOut) {
  VerifiedCache cache(kCacheBytes);
  expect_kept_in_a_socket(cache, random_content(64_KiB), [&cache] {
    EXPECT_EQ(cache.numbers().bytes, 0u);
    for (int i = 0; i < 30; ++i) put(cache, random_content(64_KiB));
  });
}

TEST(VerifiedCache, PagesOfALargeContentInASocketKeepTheirBytesWhenItsPlaceIsUsedAgain) {
  VerifiedCache cache(64_MiB);
  expect_kept_in_a_socket(cache, random_content(17_MiB), [&cache] {
    for (int i = 0; i < 4; ++i) {
      const auto other = random_content(17_MiB);
      ASSERT_TRUE(put(cache, other));
      EXPECT_EQ(read_all(cache.find(id_of(other))->stretch()), other);
    }
  });
}

TEST(VerifiedCache, LargeContentsLieInPageMemoryWithinTheBound) {
  VerifiedCache cache(64_MiB);
  const auto first = random_content(20_MiB + 1), second = random_content(30_MiB);
  ASSERT_TRUE(put(cache, first));
  EXPECT_EQ(cache.numbers().bytes, 22_MiB);
  ASSERT_TRUE(put(cache, second));
  EXPECT_EQ(cache.numbers().bytes, 52_MiB);
  const CachedContent hit = cache.find(id_of(first));
  EXPECT_NE(hit->stretch().memory, nullptr);
  EXPECT_TRUE(hit->memory().empty());
  EXPECT_EQ(read_all(hit->stretch()), first);
  const auto third = random_content(20_MiB);
  ASSERT_TRUE(put(cache, third)) << "in place of the second";
  EXPECT_FALSE(has(cache, second));
  EXPECT_TRUE(has(cache, third));
  EXPECT_LE(cache.numbers().bytes, 64_MiB);
  const auto small = random_content(10_MiB);
  for (int i = 0; i < 10; ++i) {
    const auto next = random_content(17_MiB + static_cast<std::size_t>(i) * 1'000'000);
    put(cache, next);
    ASSERT_LE(cache.numbers().bytes, 64_MiB);
    ASSERT_EQ(read_all(hit->stretch()), first);
  }
  ASSERT_TRUE(put(cache, small));
}

// The pages of a file are huge where an administrator wants it; here it only has more of them.
TEST(VerifiedCache, StopsWhenTheFileHasMoreMemoryThanWasWritten) {
  VerifiedCache cache(kCacheBytes);
  const auto held = random_content(100'000), before = random_content(64_KiB);
  ASSERT_TRUE(put(cache, held));
  ASSERT_TRUE(put(cache, before));
  const CachedContent sent = cache.find(id_of(held));
  ASSERT_NE(sent, nullptr);
  const int file = sent->stretch().fd;
  const std::byte one{1};
  ASSERT_EQ(::pwrite(file, &one, 1, static_cast<off_t>(1024_GiB)), 1);
  EXPECT_FALSE(put(cache, random_content(64_KiB)));
  EXPECT_FALSE(has(cache, before)) << "nothing is found any more";
  EXPECT_FALSE(put(cache, random_content(64_KiB))) << "nor taken in";
  const std::uint64_t memory_bytes = memory_of(sent->stretch());
  cache.drop(id_of(before));
  EXPECT_EQ(memory_of(sent->stretch()), memory_bytes) << "nor given back";
  EXPECT_EQ(read_all(sent->stretch()), held);
}

TEST(VerifiedCache, ASocketThatIsFullTakesNothingAndOneThatIsClosedIsAnError) {
  VerifiedCache cache(kCacheBytes);
  const auto content = random_content(512_KiB);
  ASSERT_TRUE(put(cache, content));
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const Fd from(ends[0]);
  Fd to(ends[1]);
  never_wait(from.get());
  const CachedContent hit = cache.find(id_of(content));
  std::size_t taken = 1;
  while (taken > 0) {
    const Result<std::size_t> sent = send_stretch(from.get(), hit->stretch());
    ASSERT_TRUE(sent);
    taken = *sent;
  }
  const Result<std::size_t> head = send_before_stretch(from.get(), Bytes(content).first(100));
  ASSERT_TRUE(head);
  EXPECT_EQ(*head, 0u);
  ::signal(SIGPIPE, SIG_IGN);
  to.reset();
  EXPECT_EQ(send_stretch(from.get(), hit->stretch()).error().code, Errc::peer_closed);
}

TEST(VerifiedCache, ManyThreadsFindWholeContentsOrNone) {
  VerifiedCache cache(kCacheBytes);
  std::vector<std::vector<std::byte>> contents;
  for (int i = 0; i < 12; ++i) contents.push_back(random_content(200'000));
  const auto work = [&](std::size_t seed) {
    for (std::size_t i = 0; i < 400; ++i) {
      const auto& content = contents[(i * seed + i / 7) % contents.size()];
      const BlobId id = id_of(content);
      if (const CachedContent hit = cache.find(id))
        EXPECT_EQ(read_all(hit->stretch()), content);
      else if (CacheFill fill = cache.begin(id, content.size())) {
        if (fill.append(Bytes(content).first(100'000)) &&
            fill.append(Bytes(content).subspan(100'000)))
          fill.finish();
      }
      if (i % 50 == seed) cache.drop(id);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (const std::size_t seed : {1u, 3u, 5u}) threads.emplace_back(work, seed);
  }
  EXPECT_LE(cache.numbers().bytes, kCacheBytes);
  for (const auto& content : contents) cache.drop(id_of(content));
  EXPECT_EQ(cache.numbers().contents, 0u);
  EXPECT_EQ(cache.numbers().bytes, 0u);
}

}  // namespace
}  // namespace mooring
