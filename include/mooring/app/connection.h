// Connection: one TCP connection from its accept to its close, as one coroutine.
//
//   wait for a head -> dispatch -> send the answer -> again, or linger and close
//
// A connection lives in the frame of serve_connection, on one core, for its whole life. While it is
// idle it holds no buffer, and while many hold one it holds memory of its own: slow ones never keep
// a head buffer from those who are quick. Everything a peer can do wrong by being slow ends by a
// watch (app/watch.h); everything it can send wrong ends in one answer and a close (vow V6).
#pragma once

#include <cstdint>
#include <string>

#include "mooring/app/dispatch.h"
#include "mooring/app/watch.h"
#include "mooring/http/date.h"
#include "mooring/http/limits.h"

namespace mooring {

class CoreMetrics;
class AccessLogBuffer;

/// Limits and times of connections; from the configuration, const while the server runs.
struct ConnectionSettings {
  HeadLimits head;
  /// Beyond so many head buffers in use a request moves into memory of its connection's own.
  std::size_t head_buffers_held_max = 128;
  std::uint64_t body_bytes_max = 5_GiB;
  std::uint64_t requests_max = 0;  ///< per connection; 0: no limit
  std::uint64_t idle_ms = 60'000;
  std::uint64_t head_ms = 10'000;
  ProgressRule body_progress;
  ProgressRule send_progress;
  std::uint64_t linger_ms = 2'000;
  std::uint64_t linger_bytes_max = 256_KiB;
};

class Connection;

/// What the connections of one core share.
struct ConnectionContext {
  Core& core;
  DispatchContext& dispatch;
  const ConnectionSettings& settings;
  CoreMetrics& metrics;
  AccessLogBuffer* access_log;  ///< null: no access log
  DateCache dates = {};
  Connection* first = nullptr;  ///< all connections of the core
  std::size_t count = 0;
  bool draining = false;
};

/// Serves `socket` until it is closed. `peer` is the client's address.
[[nodiscard]] Task<void> serve_connection(ConnectionContext& context, Fd socket, std::string peer);

/// Draining: idle connections are closed, the others close after the request under way.
void drain_connections(ConnectionContext& context) noexcept;
/// The drain took too long: everything that waits on a peer is cut off.
void interrupt_connections(ConnectionContext& context) noexcept;

}  // namespace mooring
