#include "mooring/image/protocol.h"

#include <poll.h>
#include <sys/socket.h>

#include <cstring>

#include "mooring/base/check.h"
#include "mooring/base/clock.h"

namespace mooring {

namespace {

constexpr std::size_t kDescriptorsMax = 2;

struct ControlBuffer {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kDescriptorsMax * sizeof(int))> bytes{};
};

Status wait_readable(int socket, int timeout_ms, int cancel_fd) {
  const std::uint64_t deadline_ms = monotonic_ms() + static_cast<std::uint64_t>(timeout_ms);
  while (timeout_ms >= 0) {
    const std::uint64_t now_ms = monotonic_ms();
    const int left_ms = now_ms >= deadline_ms ? 0 : static_cast<int>(deadline_ms - now_ms);
    std::array<pollfd, 2> waiting = {{{socket, POLLIN, 0}, {cancel_fd, POLLIN, 0}}};
    const int ready = ::poll(waiting.data(), waiting.size(), left_ms);
    if (ready > 0 && waiting[1].revents != 0)
      return fail(Errc::cancelled, "a message of an image worker");
    if (ready > 0) return {};
    if (ready == 0) return fail(Errc::timed_out, "a message of an image worker");
    if (errno != EINTR) return std::unexpected(error_from_errno(errno, "poll"));
  }
  return {};
}

// Every descriptor that came is owned from here on, wanted or not.
std::size_t take_descriptors(msghdr& header, std::array<Fd, 2>& descriptors) {
  std::size_t count = 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t here = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < here; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      Fd owned(fd);
      if (count < descriptors.size()) descriptors[count++] = std::move(owned);
    }
  }
  return count;
}

}  // namespace

Status send_message(int socket, Bytes message, std::span<const int> descriptors) {
  MOORING_CHECK(descriptors.size() <= kDescriptorsMax, "a message carries two descriptors");
  iovec piece{const_cast<std::byte*>(message.data()), message.size()};
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  ControlBuffer control;
  if (!descriptors.empty()) {
    header.msg_control = control.bytes.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* const part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(part), descriptors.data(), descriptors.size_bytes());
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &header, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return std::unexpected(error_from_errno(errno, "a message to an image worker"));
  return {};
}

Result<std::size_t> receive_message(int socket, MutableBytes message,
                                    std::array<Fd, 2>& descriptors, int timeout_ms, int cancel_fd) {
  if (Status readable = wait_readable(socket, timeout_ms, cancel_fd); !readable)
    return std::unexpected(readable.error());
  iovec piece{message.data(), message.size()};
  ControlBuffer control;
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = control.bytes.data();
  header.msg_controllen = control.bytes.size();
  ssize_t received = 0;
  do {
    received = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return std::unexpected(error_from_errno(errno, "recvmsg"));
  const std::size_t count = take_descriptors(header, descriptors);
  if (received == 0) return fail(Errc::peer_closed, "an image worker's socket");
  const bool whole = static_cast<std::size_t>(received) == message.size() &&
                     (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  if (!whole) return fail(Errc::invalid, "a message of an image worker");
  return count;
}

}  // namespace mooring
