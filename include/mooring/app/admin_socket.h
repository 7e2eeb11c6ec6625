// AdminSocket: how commands speak to the server that holds a data directory.
//
// A unix stream socket, data/admin.sock, open to the owner alone (0600 from its first instant): who
// may open it could as well read the store. Requests and answers are lines of JSON
// (app/key_admin.h); a client may send several. One thread of the server's own serves one client
// after the other, because answering blocks; a client that is silent, or does not read, for
// kAdminPatienceMs is dropped.
//
// The server makes it after it has taken the lock of the directory, so a socket that it finds there
// is a dead one and is replaced. It is removed when the server stops.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/uring/fd.h"

namespace mooring {

inline constexpr const char* kAdminSocketName = "admin.sock";
inline constexpr std::size_t kAdminRequestBytesMax = 64_KiB;
inline constexpr std::size_t kAdminAnswerBytesMax = 64_MiB;
inline constexpr int kAdminPatienceMs = 5000;

class AdminSocket {
 public:
  /// One line in, one line out; on the socket's thread.
  using Answer = std::function<std::string(std::string_view line)>;

  /// Starts to serve in `data_dir`. What `answer` refers to outlives the socket. Blocks. Errors:
  /// those of the file system.
  [[nodiscard]] static Result<std::unique_ptr<AdminSocket>> open(const std::string& data_dir,
                                                                 Answer answer);
  /// Ends the thread, after the answer under way, and removes the name.
  ~AdminSocket();
  AdminSocket(const AdminSocket&) = delete;
  AdminSocket& operator=(const AdminSocket&) = delete;

 private:
  AdminSocket(Fd directory, Fd listener, Fd wake, Answer answer);
  void serve();
  void serve_client(int client);
  void pause_unless_ending() const;
  [[nodiscard]] bool wait_readable(int fd, int patience_ms) const;

  Fd directory_;
  Fd listener_;
  Fd wake_;  // an event counter: readable once the thread is to end
  Answer answer_;
  std::thread thread_;
};

/// Sends `line` to the server of `data_dir` and waits for its answer. Blocks. Errors: not_found:
/// nobody serves there; forbidden: the socket is somebody else's; timed_out; io_error.
[[nodiscard]] Result<std::string> ask_admin(const std::string& data_dir, std::string_view line);

}  // namespace mooring
