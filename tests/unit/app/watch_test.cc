#include "mooring/app/watch.h"

#include <sys/socket.h>

#include <array>

#include "unit/core/harness.h"

namespace mooring {
namespace {

struct Pair {
  Fd a, b;
  Pair() {
    int fds[2];
    MOORING_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
    a = Fd(fds[0]);
    b = Fd(fds[1]);
  }
};

Task<void> wait_past_deadline(Core& core, Pair& pair, Errc& outcome) {
  Watch watch(core);
  std::array<std::byte, 8> into;
  watch.set_deadline(30);
  SizeOperation receive = core.ring().recv(pair.b.get(), into);
  watch.watch(&receive);
  Result<std::size_t> got = co_await receive;
  watch.watch(nullptr);
  outcome = got ? Errc::internal : got.error().code;
  EXPECT_TRUE(watch.time_is_up());
}

TEST(Watch, CancelsWhatWaitsPastTheDeadline) {
  Pair pair;
  Errc outcome = Errc::internal;
  TestCore test;
  test.run(wait_past_deadline(test.core(), pair, outcome));
  EXPECT_EQ(outcome, Errc::cancelled);
}

Task<void> drip(Core& core, Fd& socket, int bytes, std::uint64_t pause_ms) {
  for (int i = 0; i < bytes; ++i) {
    Result<std::size_t> sent = co_await core.ring().send(socket.get(), as_bytes("x"));
    if (!sent) break;
    Sleep pause(core, pause_ms);
    co_await pause;
  }
  socket.reset();
}

// Receives until the end or the watch says no; the number of bytes.
Task<int> receive_all(Core& core, int fd, const ProgressRule& rule, bool& up) {
  Watch watch(core);
  watch.set_progress(rule);
  int bytes = 0;
  std::array<std::byte, 8> into;
  while (!watch.time_is_up()) {
    SizeOperation receive = core.ring().recv(fd, into);
    watch.watch(&receive);
    Result<std::size_t> got = co_await receive;
    watch.watch(nullptr);
    if (!got || *got == 0) break;
    watch.progress(*got);
    bytes += static_cast<int>(*got);
  }
  up = watch.time_is_up();
  co_return bytes;
}

Task<void> receive_from_drip(Core& core, std::uint64_t rate, int& bytes, bool& up) {
  Pair pair;
  Gate gate(core);
  gate.spawn(drip(core, pair.a, 20, 10));
  const ProgressRule rule{.grace_ms = 40, .window_ms = 100, .bytes_per_second_min = rate};
  bytes = co_await receive_all(core, pair.b.get(), rule, up);
  pair.b.reset();
  co_await gate.empty();
}

TEST(Watch, LetsAPeerBeThatKeepsToTheRate) {
  int bytes = 0;
  bool up = false;
  TestCore test;
  test.run(receive_from_drip(test.core(), 1, bytes, up));
  EXPECT_FALSE(up);
  EXPECT_EQ(bytes, 20);
}

TEST(Watch, CutsOffAPeerBelowTheRate) {
  int bytes = 0;
  bool up = false;
  TestCore test;
  test.run(receive_from_drip(test.core(), 10'000, bytes, up));
  EXPECT_TRUE(up);
  EXPECT_LT(bytes, 20);
}

}  // namespace
}  // namespace mooring
