// Operations of the ring on real sockets and files. The coroutines of the core floor are not known
// here, so a test waits by hand.
#include "mooring/uring/ring.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <array>
#include <coroutine>
#include <cstring>
#include <string>
#include <vector>

#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "mooring/uring/chunk_pool.h"
#include "mooring/uring/file.h"
#include "mooring/uring/head_buffers.h"
#include "mooring/uring/socket.h"
#include "script.h"

namespace mooring {
namespace {

std::unique_ptr<Ring> make_ring(RingOptions options = {}) {
  Result<std::unique_ptr<Ring>> ring = Ring::create(options);
  MOORING_CHECK(ring.has_value(), "no ring: see mooring doctor");
  return std::move(*ring);
}

struct Pair {
  Fd a, b;
  Pair() {
    int fds[2];
    MOORING_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
    a = Fd(fds[0]);
    b = Fd(fds[1]);
  }
};

Script send_and_receive(Ring& ring, Pair& pair) {
  Result<std::size_t> sent = co_await ring.send(pair.a.get(), as_bytes("hello"));
  EXPECT_EQ(sent.value_or(0), 5u);
  std::array<std::byte, 16> into;
  Result<std::size_t> got = co_await ring.recv(pair.b.get(), into);
  EXPECT_EQ(as_text(Bytes(into).first(got.value_or(0))), "hello");
  pair.a.reset();
  Result<std::size_t> end = co_await ring.recv(pair.b.get(), into);
  EXPECT_EQ(end.value_or(99), 0u);
  Result<std::size_t> gone = co_await ring.send(pair.b.get(), as_bytes("x"));
  EXPECT_EQ(gone.error().code, Errc::peer_closed);
}

TEST(Ring, SendsAndReceives) {
  const auto ring = make_ring();
  Pair pair;
  run(*ring, send_and_receive(*ring, pair));
  EXPECT_EQ(ring->in_flight(), 0u);
}

Script connect_and_send_pieces(Ring& ring, int listener, const SocketAddress& address) {
  Result<Fd> client = open_socket(address);
  Result<std::size_t> connected = co_await ring.connect(client->get(), address);
  EXPECT_TRUE(connected.has_value());
  Result<Fd> server = co_await ring.accept(listener);
  std::string first = "one, ";
  std::string second = "two";
  std::array<iovec, 2> pieces = {iovec{first.data(), first.size()},
                                 iovec{second.data(), second.size()}};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  Result<std::size_t> sent = co_await ring.send_gathered(client->get(), message);
  EXPECT_EQ(sent.value_or(0), 8u);
  std::array<std::byte, 16> into;
  Result<std::size_t> got = co_await ring.recv(server->get(), into);
  EXPECT_EQ(as_text(Bytes(into).first(got.value_or(0))), "one, two");
}

TEST(Ring, ConnectsAndSendsPiecesAsOne) {
  const auto ring = make_ring();
  Result<Fd> listener = listen_on({"127.0.0.1", 0}, 4);
  ASSERT_TRUE(listener.has_value());
  const Result<SocketAddress> address = SocketAddress::of(*local_endpoint(listener->get()));
  ASSERT_TRUE(address.has_value());
  run(*ring, connect_and_send_pieces(*ring, listener->get(), *address));
}

Script connect_to_nobody(Ring& ring, const SocketAddress& address) {
  Result<Fd> client = open_socket(address);
  Result<std::size_t> connected = co_await ring.connect(client->get(), address);
  EXPECT_EQ(connected.error().os_error, ECONNREFUSED);
}

TEST(Ring, SaysThatNobodyListens) {
  const auto ring = make_ring();
  Result<Fd> listener = listen_on({"127.0.0.1", 0}, 4);
  ASSERT_TRUE(listener.has_value());
  const Result<SocketAddress> address = SocketAddress::of(*local_endpoint(listener->get()));
  ASSERT_TRUE(address.has_value());
  listener->reset();
  run(*ring, connect_to_nobody(*ring, *address));
}

Script wait_for_time(Ring& ring, std::uint64_t deadline_ns) {
  Status came = co_await ring.wait_until(deadline_ns);
  EXPECT_TRUE(came.has_value());
  EXPECT_GE(monotonic_ns(), deadline_ns);
}

TEST(Ring, WaitsUntilATimeAndNeverLess) {
  const auto ring = make_ring();
  run(*ring, wait_for_time(*ring, monotonic_ns() + 3'000'000));
  run(*ring, wait_for_time(*ring, monotonic_ns() - 1));
}

Script wait_for_cancel(Ring& ring, int fd, Operation*& waiting, bool& cancelled) {
  std::array<std::byte, 16> into;
  SizeOperation receive = ring.recv(fd, into);
  waiting = &receive;
  Result<std::size_t> got = co_await receive;
  cancelled = !got && got.error().code == Errc::cancelled;
}

TEST(Ring, CancelsWhatWaits) {
  const auto ring = make_ring();
  Pair pair;
  Operation* waiting = nullptr;
  bool cancelled = false;
  Script script = wait_for_cancel(*ring, pair.b.get(), waiting, cancelled);
  ring->cancel(*waiting);
  run(*ring, script);
  EXPECT_TRUE(cancelled);
}

Script many_writes(Ring& ring, int fd, int number, int& done) {
  const std::string text = std::to_string(number);
  Result<std::size_t> written = co_await ring.write(fd, as_bytes(text), number * 16);
  EXPECT_EQ(written.value_or(0), text.size());
  ++done;
}

TEST(Ring, TakesMoreOperationsThanItsQueueHolds) {
  const auto ring = make_ring({.submissions = 8, .completions = 16});
  Result<Fd> file = open_unnamed(AT_FDCWD, Caching::buffered);
  if (!file) file = Fd(::open("/dev/null", O_RDWR));
  int done = 0;
  std::vector<Script> scripts;
  for (int i = 0; i < 200; ++i) scripts.push_back(many_writes(*ring, file->get(), i, done));
  for (const Script& script : scripts) run(*ring, script);
  EXPECT_EQ(done, 200);
}

TEST(Ring, WaitsNoLongerThanItIsTold) {
  const auto ring = make_ring();
  std::vector<std::coroutine_handle<>> ready;
  ring->turn(1'000'000, ready);
  ring->turn(0, ready);
  EXPECT_TRUE(ready.empty());
}

Script pick(HeadBuffers& buffers, int fd, std::vector<HeadLease>& leases, Errc& refused) {
  while (true) {
    Result<PickedBuffer> picked = co_await buffers.recv(fd);
    if (!picked) {
      refused = picked.error().code;
      break;
    }
    if (picked->size_bytes == 0) break;
    leases.push_back(buffers.take(*picked));
    EXPECT_EQ(as_text(Bytes(leases.back().memory()).first(picked->size_bytes)), "x");
  }
}

TEST(HeadBuffers, AreLentWhenDataArrivesAndRunOut) {
  const auto ring = make_ring();
  auto buffers = HeadBuffers::create(*ring, 2);
  ASSERT_TRUE(buffers.has_value());
  std::vector<HeadLease> leases;
  for (int i = 0; i < 2; ++i) {
    Pair pair;
    EXPECT_EQ(::write(pair.a.get(), "x", 1), 1);
    pair.a.reset();
    Errc refused = Errc::internal;
    run(*ring, pick(**buffers, pair.b.get(), leases, refused));
    EXPECT_EQ((*buffers)->leased(), static_cast<std::size_t>(i + 1));
  }
  Pair pair;
  EXPECT_EQ(::write(pair.a.get(), "x", 1), 1);
  Errc refused = Errc::internal;
  run(*ring, pick(**buffers, pair.b.get(), leases, refused));
  EXPECT_EQ(refused, Errc::overloaded);
  leases.clear();
  EXPECT_EQ((*buffers)->leased(), 0u);
  pair.a.reset();
  run(*ring, pick(**buffers, pair.b.get(), leases, refused));
  EXPECT_EQ(leases.size(), 1u);
}

Script write_chunk(Ring& ring, int fd, const ChunkLease& chunk) {
  MutableBytes memory = chunk.memory();
  std::memset(memory.data(), 'm', memory.size());
  Result<std::size_t> written =
      chunk.registered_buffer()
          ? co_await ring.write_fixed(fd, memory, 0, *chunk.registered_buffer())
          : co_await ring.write(fd, memory, 0);
  EXPECT_EQ(written.value_or(0), memory.size());
  std::vector<std::byte> back(memory.size());
  Result<std::size_t> read = co_await ring.read(fd, back, 0);
  EXPECT_EQ(read.value_or(0), back.size());
  EXPECT_EQ(back.back(), std::byte{'m'});
}

TEST(ChunkPool, LeasesAlignedMemoryThatTheRingWritesFrom) {
  const auto ring = make_ring();
  ChunkPool pool(*ring, 2);
  ChunkLease first = pool.lease();
  ChunkLease second = pool.lease();
  EXPECT_FALSE(static_cast<bool>(pool.lease()));
  EXPECT_EQ(pool.leased(), 2u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first.memory().data()) % kBlockBytes, 0u);
  EXPECT_EQ(first.memory().size(), kChunkBytes + kChunkSlackBytes);
  char name[] = "/tmp/mooring-ring-XXXXXX";
  Fd file(::mkstemp(name));
  ::unlink(name);
  run(*ring, write_chunk(*ring, file.get(), first));
  first.reset();
  EXPECT_TRUE(static_cast<bool>(pool.lease()));
}

}  // namespace
}  // namespace mooring
