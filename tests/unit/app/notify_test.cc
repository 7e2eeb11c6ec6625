// The word to the service manager: a datagram where there is a socket, nothing where there is none.
#include "mooring/app/notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace mooring {
namespace {

// A datagram socket with an abstract name that NOTIFY_SOCKET points to while it lives.
class ServiceManager {
 public:
  explicit ServiceManager(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), bytes), 0);
    ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
  }
  ~ServiceManager() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(fd_);
  }
  std::string received() {
    char text[256];
    const ssize_t bytes = ::recv(fd_, text, sizeof text, MSG_DONTWAIT);
    return bytes < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(bytes));
  }

 private:
  int fd_;
};

TEST(Notify, TellsTheServiceManager) {
  ServiceManager manager("mooring-notify-test-" + std::to_string(::getpid()));
  EXPECT_TRUE(notify_ready());
  EXPECT_EQ(manager.received(), "READY=1\n");
  EXPECT_TRUE(notify_stopping());
  EXPECT_EQ(manager.received(), "STOPPING=1\n");
  EXPECT_EQ(manager.received(), "nothing");
}

TEST(Notify, IsSilentWithoutASocket) {
  ::unsetenv("NOTIFY_SOCKET");
  EXPECT_TRUE(notify_ready());
}

TEST(Notify, SaysWhenTheSocketIsNotThere) {
  for (const std::string& name :
       {std::string("@mooring-nobody-listens"), std::string("/nonexistent/socket"),
        std::string("relative"), std::string(200, '/')}) {
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    const Status sent = notify_ready();
    ASSERT_FALSE(sent.has_value()) << name;
    EXPECT_EQ(sent.error().code, Errc::io_error);
  }
  ::unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace mooring
