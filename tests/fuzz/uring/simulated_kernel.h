// A kernel for one server: its io_uring, and at the other end of its sockets a client out of a
// script.
//
// simulated_kernel.cc defines the functions of liburing that this program calls, and send and
// sendfile. Being linked into the executable they win over the library's, so that everything of
// ours is real: ring, operations, buffers, loop, server, store. Files are read and written truly.
// Sockets are not: what is received comes out of the script, cut as the script says, and what is
// sent is written down. A client so costs a few microseconds, and does the same things in the
// same order each time.
//
// The server's descriptor is one end of a socket pair, whose other end sees when it is closed.
//
// Thread: `converse` on one thread at a time, any but the ring's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mooring {

/// What a client sends, and how.
struct Script {
  std::string bytes;
  std::vector<std::size_t> cuts = {};  ///< ascending: no receive goes across one of them
  enum class End : std::uint8_t { half_close, reset } end = End::half_close;
  /// Of what the socket takes at a time where it may take less than all; 0: always all.
  std::size_t send_bytes_max = 0;
};

struct Conversation {
  std::string sent;             ///< all that the server sent
  std::size_t taken_bytes = 0;  ///< of the script, received by the server
};

/// One connection from its accept to its close. CHECKs that the server closes it, in the end.
[[nodiscard]] Conversation converse(const Script& script);

/// Waits until a server accepts connections.
void wait_until_accepting();

}  // namespace mooring
