#include "mooring/uring/page_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "mooring/base/check.h"
#include "mooring/uring/ring.h"
#include "mooring/uring/socket.h"
#include "script.h"

namespace mooring {
namespace {

constexpr std::size_t kContentBytes = 4_MiB;  // more than the sockets below hold
constexpr int kSocketBytes = 64 * 1024;

std::vector<std::byte> numbered(std::size_t size_bytes) {
  std::vector<std::byte> content(size_bytes);
  for (std::size_t i = 0; i < content.size(); ++i)
    content[i] = static_cast<std::byte>(i * 31 + i / 4096);
  return content;
}

struct TcpPair {
  Fd server, client;
  TcpPair() {
    const Result<Fd> listener = listen_on({"127.0.0.1", 0}, 4);
    MOORING_CHECK(listener.has_value(), "listen_on");
    const Result<SocketAddress> address = SocketAddress::of(*local_endpoint(listener->get()));
    client = *open_socket(*address);
    ::setsockopt(client.get(), SOL_SOCKET, SO_RCVBUF, &kSocketBytes, sizeof kSocketBytes);
    const Bytes raw = address->raw();
    MOORING_CHECK(::connect(client.get(), reinterpret_cast<const sockaddr*>(raw.data()),
                            static_cast<socklen_t>(raw.size())) == 0,
                  "connect");
    server = Fd(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
    ::setsockopt(server.get(), SOL_SOCKET, SO_SNDBUF, &kSocketBytes, sizeof kSocketBytes);
    never_wait(server.get());
  }
};

// Sends `head` and `stretch`, as far as the socket takes it each time; then waits for a word.
Script send_all(Ring& ring, int socket, Bytes head, FileStretch stretch,
                std::atomic_flag& is_waiting) {
  const Result<std::size_t> first = send_before_stretch(socket, head);
  EXPECT_EQ(first.value_or(0), head.size());
  while (stretch.size_bytes > 0) {
    const Result<std::size_t> sent = send_stretch(socket, stretch);
    EXPECT_TRUE(sent.has_value());
    if (!sent) co_return;
    stretch.first_byte += *sent;
    stretch.size_bytes -= *sent;
    if (stretch.size_bytes == 0) break;
    is_waiting.test_and_set();
    is_waiting.notify_one();
    const Result<std::size_t> writable = co_await ring.wait_writable(socket);
    EXPECT_TRUE(writable.has_value());
  }
  std::array<std::byte, 16> word;
  const Result<std::size_t> got = co_await ring.recv(socket, word);
  EXPECT_EQ(as_text(Bytes(word).first(got.value_or(0))), "thanks");
}

TEST(PageFile, GoesOutWholeToAReaderThatIsSlowerAndTheRingStillWaitsForWhatComes) {
  Result<std::unique_ptr<Ring>> ring = Ring::create({});
  ASSERT_TRUE(ring);
  const auto content = numbered(kContentBytes);
  const Result<Fd> file = make_page_file();
  ASSERT_TRUE(file);
  ASSERT_TRUE(put_in_pages(file->get(), content, 1_GiB));
  TcpPair pair;
  std::vector<std::byte> received(4 + content.size());
  std::atomic_flag is_waiting;
  std::jthread reader([&] {
    is_waiting.wait(false);
    const ssize_t n = ::recv(pair.client.get(), received.data(), received.size(), MSG_WAITALL);
    EXPECT_EQ(n, static_cast<ssize_t>(received.size()));
    EXPECT_EQ(::send(pair.client.get(), "thanks", 6, 0), 6);
  });
  run(**ring, send_all(**ring, pair.server.get(), as_bytes("head"),
                       {file->get(), 1_GiB, content.size()}, is_waiting));
  reader.join();
  EXPECT_EQ(as_text(Bytes(received).first(4)), "head");
  EXPECT_TRUE(std::equal(content.begin(), content.end(), received.begin() + 4));
}

TEST(PageMemory, GoesOutWholeToAReaderThatIsSlower) {
  Result<std::unique_ptr<Ring>> ring = Ring::create({});
  ASSERT_TRUE(ring);
  const auto content = numbered(kContentBytes + 1234);
  Result<PageMemory> made = PageMemory::of(8_MiB);
  ASSERT_TRUE(made);
  PageMemory memory = *std::move(made);
  memory.put(content, 100);
  TcpPair pair;
  std::vector<std::byte> received(4 + content.size());
  std::atomic_flag is_waiting;
  std::jthread reader([&] {
    is_waiting.wait(false);
    const ssize_t n = ::recv(pair.client.get(), received.data(), received.size(), MSG_WAITALL);
    EXPECT_EQ(n, static_cast<ssize_t>(received.size()));
    EXPECT_EQ(::send(pair.client.get(), "thanks", 6, 0), 6);
  });
  run(**ring, send_all(**ring, pair.server.get(), as_bytes("head"),
                       {-1, 100, content.size(), memory.begin()}, is_waiting));
  reader.join();
  EXPECT_EQ(as_text(Bytes(received).first(4)), "head");
  EXPECT_TRUE(std::equal(content.begin(), content.end(), received.begin() + 4));
}

TEST(PageMemory, BeginsWithAPageAndReadsAsZerosWhereItWasGivenBack) {
  Result<PageMemory> made = PageMemory::of(2 * PageMemory::kPageBytes);
  ASSERT_TRUE(made);
  PageMemory memory = *std::move(made);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.begin()) % PageMemory::kPageBytes, 0u);
  const auto content = numbered(2 * PageMemory::kPageBytes);
  memory.put(content, 0);
  memory.give_back(0, PageMemory::kPageBytes);
  EXPECT_EQ(memory.begin()[1], std::byte{0});
  EXPECT_EQ(memory.begin()[PageMemory::kPageBytes + 1], content[PageMemory::kPageBytes + 1]);
}

TEST(PageMemory, IsNotToBeHadWhereAddressesAreShort) {
  EXPECT_TRUE(PageMemory::of(0));
  EXPECT_EQ(PageMemory::of(std::uint64_t{1} << 60).error().code, Errc::no_space);
}

TEST(PageFile, GivesTheMemoryOfWhatIsPunchedOutBackAndKeepsTheRest) {
  const Result<Fd> file = make_page_file();
  ASSERT_TRUE(file);
  const auto content = numbered(64_KiB);
  ASSERT_TRUE(put_in_pages(file->get(), content, 0));
  punch_out(file->get(), 4096, 8192);
  struct stat status{};
  ASSERT_EQ(::fstat(file->get(), &status), 0);
  EXPECT_EQ(status.st_blocks * 512, 56 * 1024);
  std::array<std::byte, 4096> page;
  ASSERT_EQ(::pread(file->get(), page.data(), page.size(), 12'288), 4096);
  EXPECT_TRUE(std::equal(page.begin(), page.end(), content.begin() + 12'288));
  ASSERT_EQ(::pread(file->get(), page.data(), page.size(), 4096), 4096);
  EXPECT_EQ(page, (std::array<std::byte, 4096>{}));
}

TEST(PageFile, ItsBeginningCanBeReadAndWhatIsPunchedOutOfItReadsAsZeros) {
  const Result<Fd> file = make_page_file();
  ASSERT_TRUE(file);
  Result<PageView> made = PageView::of(file->get(), 1_MiB);
  ASSERT_TRUE(made);
  const PageView view = *std::move(made);
  const auto content = numbered(64_KiB);
  ASSERT_TRUE(put_in_pages(file->get(), content, 8192));
  EXPECT_TRUE(std::equal(content.begin(), content.end(), view.at(8192)));
  EXPECT_EQ(*view.at(0), std::byte{0});
  punch_out(file->get(), 8192, 4096);
  EXPECT_EQ(*view.at(8192 + 1), std::byte{0});
  EXPECT_EQ(*view.at(8192 + 4097), content[4097]);
}

TEST(PageFile, NothingOfItCanBeReadWhereAddressesAreShort) {
  const Result<Fd> file = make_page_file();
  ASSERT_TRUE(file);
  EXPECT_TRUE(PageView::of(file->get(), 0));
  EXPECT_EQ(PageView::of(file->get(), std::uint64_t{1} << 60).error().code, Errc::no_space);
}

TEST(PageFile, HasAsMuchMemoryAsWasWrittenAndNotPunchedOut) {
  const Result<Fd> file = make_page_file();
  ASSERT_TRUE(file);
  EXPECT_EQ(page_file_bytes(file->get()), 0u);
  const auto content = numbered(64_KiB);
  ASSERT_TRUE(put_in_pages(file->get(), content, 1_GiB));
  EXPECT_EQ(page_file_bytes(file->get()), 64_KiB);
  punch_out(file->get(), 1_GiB, 16_KiB);
  EXPECT_EQ(page_file_bytes(file->get()), 48_KiB);
}

TEST(PageFile, IsNotToBeHadWhereFilesMayNotBeLong) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit bounded{1_GiB, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &bounded), 0);
  EXPECT_EQ(make_page_file().error().code, Errc::not_implemented);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
}

}  // namespace
}  // namespace mooring
