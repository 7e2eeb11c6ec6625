#include "mooring/app/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace mooring {

Status notify_service_manager(std::string_view state) {
  const char* const name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || *name == '\0') return {};
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::size_t bytes = std::strlen(name);
  if ((name[0] != '/' && name[0] != '@') || bytes >= sizeof address.sun_path)
    return fail(Errc::io_error, "NOTIFY_SOCKET");
  std::memcpy(address.sun_path, name, bytes);
  // An abstract name is written with an at sign where the kernel wants a NUL.
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const auto address_bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + bytes);

  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(Errc::io_error, "socket for NOTIFY_SOCKET", errno);
  const ssize_t sent = ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), address_bytes);
  const int send_error = errno;
  ::close(fd);
  if (sent != static_cast<ssize_t>(state.size()))
    return fail(Errc::io_error, "send to NOTIFY_SOCKET", send_error);
  return {};
}

Status notify_ready() {
  return notify_service_manager("READY=1\n");
}

Status notify_stopping() {
  return notify_service_manager("STOPPING=1\n");
}

}  // namespace mooring
