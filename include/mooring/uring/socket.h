// Sockets: what is set once per listener or connection, before the ring takes over.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/uring/fd.h"

namespace mooring {

/// An address as text and number: "127.0.0.1:8080", "[::1]:0" (port 0: the kernel picks one).
struct Endpoint {
  std::string address = {};  ///< without brackets; empty: none
  std::uint16_t port = 0;
  [[nodiscard]] bool empty() const noexcept { return address.empty(); }
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Parses "ADDR:PORT" or "[ADDR6]:PORT"; numeric addresses only.
[[nodiscard]] Result<Endpoint> parse_endpoint(const std::string& text);
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

/// An endpoint as the kernel reads it: for connections that go out.
class SocketAddress {
 public:
  /// Errc::invalid if the address is not a numeric IPv4 or IPv6 address.
  [[nodiscard]] static Result<SocketAddress> of(const Endpoint& endpoint);
  /// A sockaddr. Valid as long as this.
  [[nodiscard]] Bytes raw() const noexcept { return Bytes(storage_).first(size_bytes_); }

 private:
  alignas(8) std::array<std::byte, 128> storage_{};  // a sockaddr_storage
  std::size_t size_bytes_ = 0;
};

/// A TCP socket of the address's family, to be connected with Ring::connect.
[[nodiscard]] Result<Fd> open_socket(const SocketAddress& address);

/// Whether nobody listens there yet. SO_REUSEPORT would let a second process of this user share the
/// port and take half of the connections, so it has to be asked before.
[[nodiscard]] Status check_unused(const Endpoint& endpoint);

/// A listening socket with SO_REUSEPORT, so that every core has its own and the kernel spreads the
/// connections. Port 0 takes a free one (see local_endpoint).
[[nodiscard]] Result<Fd> listen_on(const Endpoint& endpoint, int backlog);
[[nodiscard]] Result<Endpoint> local_endpoint(int fd);
/// The peer's address without its port; empty if it is gone.
[[nodiscard]] std::string peer_address(int fd);

/// TCP_NODELAY: responses are written whole, so Nagle could only delay them.
void tune_connection(int fd) noexcept;
/// Calls outside of the ring (page_file.h) never wait for the peer (O_NONBLOCK). The ring's
/// receives and sends do as before: they are told by their own flags.
void never_wait(int fd) noexcept;
/// Makes reads of `fd` see the end of the stream; what was sent stays on its way.
void shutdown_read(int fd) noexcept;
/// Sends a FIN; the peer's bytes can still be read (lingering close).
void shutdown_write(int fd) noexcept;
void shutdown_both(int fd) noexcept;

}  // namespace mooring
