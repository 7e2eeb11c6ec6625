#include "mooring/uring/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace mooring {

namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size_bytes = sizeof storage;
  [[nodiscard]] sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
};

Result<Address> to_address(const Endpoint& endpoint) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (::inet_pton(AF_INET, endpoint.address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(endpoint.port);
    address.size_bytes = sizeof *v4;
    return address;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET6, endpoint.address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint.port);
    address.size_bytes = sizeof *v6;
    return address;
  }
  return fail(Errc::invalid, "not a numeric IPv4 or IPv6 address");
}

Endpoint from_address(const Address& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
    ::inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    return {text, ntohs(v4->sin_port)};
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
  ::inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
  return {text, ntohs(v6->sin6_port)};
}

void set_flag(int fd, int level, int option) noexcept {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

}  // namespace

Result<Endpoint> parse_endpoint(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return fail(Errc::invalid, "an endpoint is ADDR:PORT");
  Endpoint endpoint;
  endpoint.address = text.substr(0, colon);
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + colon + 1, end, endpoint.port);
  if (parsed.ec != std::errc() || parsed.ptr != end)
    return fail(Errc::invalid, "a port is a number from 0 to 65535");
  if (endpoint.address.size() > 2 && endpoint.address.front() == '[' &&
      endpoint.address.back() == ']')
    endpoint.address = endpoint.address.substr(1, endpoint.address.size() - 2);
  if (Result<Address> address = to_address(endpoint); !address)
    return std::unexpected(address.error());
  return endpoint;
}

std::string to_string(const Endpoint& endpoint) {
  const bool v6 = endpoint.address.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", endpoint.address, endpoint.port)
            : fmt::format("{}:{}", endpoint.address, endpoint.port);
}

Result<SocketAddress> SocketAddress::of(const Endpoint& endpoint) {
  const Result<Address> address = to_address(endpoint);
  if (!address) return std::unexpected(address.error());
  SocketAddress made;
  static_assert(sizeof address->storage <= sizeof made.storage_);
  std::memcpy(made.storage_.data(), &address->storage, address->size_bytes);
  made.size_bytes_ = address->size_bytes;
  return made;
}

Result<Fd> open_socket(const SocketAddress& address) {
  sa_family_t family = 0;
  std::memcpy(&family, address.raw().data() + offsetof(sockaddr, sa_family), sizeof family);
  Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return std::unexpected(error_from_errno(errno, "socket"));
  return fd;
}

Status check_unused(const Endpoint& endpoint) {
  Result<Address> address = to_address(endpoint);
  if (!address) return std::unexpected(address.error());
  Fd fd(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return std::unexpected(error_from_errno(errno, "socket"));
  set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);  // connections of a server before us may linger
  if (::bind(fd.get(), address->raw(), address->size_bytes) != 0)
    return std::unexpected(error_from_errno(errno, "bind"));
  return {};
}

Result<Fd> listen_on(const Endpoint& endpoint, int backlog) {
  Result<Address> address = to_address(endpoint);
  if (!address) return std::unexpected(address.error());
  Fd fd(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return std::unexpected(error_from_errno(errno, "socket"));
  set_flag(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  set_flag(fd.get(), SOL_SOCKET, SO_REUSEPORT);
  if (::bind(fd.get(), address->raw(), address->size_bytes) != 0)
    return std::unexpected(error_from_errno(errno, "bind"));
  if (::listen(fd.get(), backlog) != 0) return std::unexpected(error_from_errno(errno, "listen"));
  return fd;
}

Result<Endpoint> local_endpoint(int fd) {
  Address address;
  if (::getsockname(fd, address.raw(), &address.size_bytes) != 0)
    return std::unexpected(error_from_errno(errno, "getsockname"));
  return from_address(address);
}

std::string peer_address(int fd) {
  Address address;
  if (::getpeername(fd, address.raw(), &address.size_bytes) != 0) return {};
  return from_address(address).address;
}

void tune_connection(int fd) noexcept {
  set_flag(fd, IPPROTO_TCP, TCP_NODELAY);
}

void never_wait(int fd) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0) ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

void shutdown_read(int fd) noexcept {
  ::shutdown(fd, SHUT_RD);
}
void shutdown_write(int fd) noexcept {
  ::shutdown(fd, SHUT_WR);
}
void shutdown_both(int fd) noexcept {
  ::shutdown(fd, SHUT_RDWR);
}

}  // namespace mooring
