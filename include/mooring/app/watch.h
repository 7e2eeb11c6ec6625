// Watches: nobody may hold a connection by being slow.
//
// A Watch belongs to one connection and stands beside the one operation that waits on its peer.
// When the deadline passes, or too few bytes moved, the operation is cancelled; it completes with
// Errc::cancelled and the connection asks the watch why. Times during which the server itself is
// busy (disk, permits) have no operation in flight and never count against the peer. Its core's
// thread only.
#pragma once

#include <cstdint>

#include "mooring/core/core.h"
#include "mooring/core/timer.h"
#include "mooring/uring/operation.h"

namespace mooring {

/// The least progress a peer must make, once the grace is over: so many bytes in every window.
struct ProgressRule {
  std::uint64_t grace_ms = 5'000;
  std::uint64_t window_ms = 10'000;
  std::uint64_t bytes_per_second_min = 1024;
};

class Watch final : private Timer {
 public:
  explicit Watch(Core& core) noexcept : core_(core) {}

  /// The peer has until `delay_ms` from now, whatever it sends until then.
  void set_deadline(std::uint64_t delay_ms) noexcept;
  /// The peer has to keep to `rule`, counted by `progress`.
  void set_progress(const ProgressRule& rule) noexcept;
  /// Bytes have moved.
  void progress(std::uint64_t bytes) noexcept { bytes_ += bytes; }
  /// No rule holds until the next set.
  void clear() noexcept;

  /// The operation that waits on the peer now; null: none.
  void watch(Operation* operation) noexcept { operation_ = operation; }
  /// Cancels what waits, as if the time were up: for draining.
  void interrupt() noexcept;

  /// The operation was cancelled, and no further one may begin.
  [[nodiscard]] bool time_is_up() const noexcept { return expired_; }
  [[nodiscard]] bool waiting() const noexcept { return operation_ != nullptr; }

 private:
  void expired() noexcept override;

  Core& core_;
  Operation* operation_ = nullptr;
  ProgressRule rule_;
  std::uint64_t bytes_ = 0;
  std::uint64_t bytes_at_mark_ = 0;
  enum class Kind : std::uint8_t { none, deadline, grace, window } kind_ = Kind::none;
  bool expired_ = false;
};

}  // namespace mooring
