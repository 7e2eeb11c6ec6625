#include "mooring/app/admin_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace mooring {

namespace {

constexpr int kBacklog = 16;
constexpr int kPollForever = -1;
constexpr int kAcceptPauseMs = 100;

std::unexpected<Error> failed(const char* where) {
  if (errno == EACCES || errno == EPERM) return fail(Errc::forbidden, where, errno);
  return std::unexpected(error_from_errno(errno, where));
}

// The name by way of the open directory: a socket's address holds 107 characters, a path may be
// longer.
sockaddr_un address_in(int directory) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/{}", directory, kAdminSocketName);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

Result<Fd> open_directory(const std::string& path) {
  Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return failed("open of the data directory");
  return directory;
}

Result<Fd> stream_socket() {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return failed("admin socket");
  return socket;
}

void set_patience(int socket) {
  const timeval patience{.tv_sec = kAdminPatienceMs / 1000, .tv_usec = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

Status send_line(int socket, std::string line) {
  line += '\n';
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t sent = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return fail(Errc::timed_out, "send of an admin line");
    if (sent < 0) return failed("send of an admin line");
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

// Adds what has arrived to `buffer`. 0 bytes: the peer has ended.
Result<std::size_t> receive_some(int socket, std::string& buffer) {
  std::array<char, 16 * 1024> piece;
  while (true) {
    const ssize_t got = ::recv(socket, piece.data(), piece.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return fail(Errc::timed_out, "wait for an admin line");
    if (got < 0) return failed("receive of an admin line");
    buffer.append(piece.data(), static_cast<std::size_t>(got));
    return static_cast<std::size_t>(got);
  }
}

}  // namespace

Result<std::unique_ptr<AdminSocket>> AdminSocket::open(const std::string& data_dir, Answer answer) {
  Result<Fd> directory = open_directory(data_dir);
  if (!directory) return std::unexpected(directory.error());
  Result<Fd> listener = stream_socket();
  if (!listener) return std::unexpected(listener.error());
  if (::unlinkat(directory->get(), kAdminSocketName, 0) != 0 && errno != ENOENT)
    return failed("removal of a dead admin socket");
  // Before bind: the name takes its mode from the socket, so nobody else can open it in between.
  if (::fchmod(listener->get(), S_IRUSR | S_IWUSR) != 0) return failed("mode of the admin socket");
  const sockaddr_un address = address_in(directory->get());
  if (::bind(listener->get(), generic(address), sizeof address) != 0)
    return failed("bind of the admin socket");
  if (::listen(listener->get(), kBacklog) != 0) return failed("listen on the admin socket");
  Fd wake(::eventfd(0, EFD_CLOEXEC));
  if (!wake) return failed("event counter of the admin socket");
  return std::unique_ptr<AdminSocket>(new AdminSocket(*std::move(directory), *std::move(listener),
                                                      std::move(wake), std::move(answer)));
}

AdminSocket::AdminSocket(Fd directory, Fd listener, Fd wake, Answer answer)
    : directory_(std::move(directory)),
      listener_(std::move(listener)),
      wake_(std::move(wake)),
      answer_(std::move(answer)),
      thread_([this] { serve(); }) {}

AdminSocket::~AdminSocket() {
  const std::uint64_t one = 1;
  while (::write(wake_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
  thread_.join();
  ::unlinkat(directory_.get(), kAdminSocketName, 0);
}

bool AdminSocket::wait_readable(int fd, int patience_ms) const {
  std::array<pollfd, 2> waited = {{{wake_.get(), POLLIN, 0}, {fd, POLLIN, 0}}};
  int ready = 0;
  do ready = ::poll(waited.data(), waited.size(), patience_ms);
  while (ready < 0 && errno == EINTR);
  return ready > 0 && waited[0].revents == 0;
}

// With no descriptor left accepting pauses instead of spinning on the error.
void AdminSocket::pause_unless_ending() const {
  pollfd wake{wake_.get(), POLLIN, 0};
  (void)::poll(&wake, 1, kAcceptPauseMs);
}

void AdminSocket::serve() {
  ::pthread_setname_np(::pthread_self(), "mooring-admin");
  while (wait_readable(listener_.get(), kPollForever)) {
    const Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) {
      if (errno == EMFILE || errno == ENFILE) pause_unless_ending();
      continue;
    }
    set_patience(client.get());
    serve_client(client.get());
  }
}

void AdminSocket::serve_client(int client) {
  std::string buffer;
  while (true) {
    const std::size_t end = buffer.find('\n');
    if (end != std::string::npos) {
      if (!send_line(client, answer_(std::string_view(buffer).substr(0, end)))) return;
      buffer.erase(0, end + 1);
      continue;
    }
    if (buffer.size() > kAdminRequestBytesMax || !wait_readable(client, kAdminPatienceMs)) return;
    const Result<std::size_t> got = receive_some(client, buffer);
    if (!got || *got == 0) return;
  }
}

Result<std::string> ask_admin(const std::string& data_dir, std::string_view line) {
  const Result<Fd> directory = open_directory(data_dir);
  if (!directory) return std::unexpected(directory.error());
  const Result<Fd> socket = stream_socket();
  if (!socket) return std::unexpected(socket.error());
  const sockaddr_un address = address_in(directory->get());
  if (::connect(socket->get(), generic(address), sizeof address) != 0) {
    if (errno == ECONNREFUSED) return fail(Errc::not_found, "a dead admin socket", errno);
    return failed("connect to the admin socket");
  }
  set_patience(socket->get());
  if (const Status sent = send_line(socket->get(), std::string(line)); !sent)
    return std::unexpected(sent.error());
  std::string answer;
  while (!answer.ends_with('\n')) {
    const Result<std::size_t> got = receive_some(socket->get(), answer);
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return fail(Errc::peer_closed, "the server ended before it answered");
    if (answer.size() > kAdminAnswerBytesMax) return fail(Errc::too_large, "an admin answer");
  }
  answer.pop_back();
  return answer;
}

}  // namespace mooring
