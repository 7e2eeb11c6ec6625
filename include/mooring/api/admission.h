// Admission: which uploads are taken on, decided from the head alone.
//
// One per core, on its thread. An upload enters before anything of its body is asked for, and is
// refused with Errc::overloaded (503 and Retry-After) if the server has too many in flight, or if
// this core already keeps as many waiting as it can serve in the time that is aimed at. What is
// refused costs a head; what is admitted is served at full speed: past saturation the server sheds
// instead of slowing everybody.
//
// The signal is the delay that the server itself adds, as in CoDel (RFC 8289): how long an upload
// waited for buffers, for the disk and for its commit. The time in which its client sends is not
// in it, and an upload whose client has the turn is not counted: slow senders neither look like
// load nor take a quick one's place.
//
// I1  While the least delay of an interval is over the aim, a queue stands that the load does not
//     need: the number that may wait shrinks by a quarter. One upload that was quick is proof that
//     there is none: the number grows again.
// I2  It never shrinks below AdmissionOptions::waiting_min: that many uploads always share the
//     batches of the disk and the catalogue, so a slow disk alone sheds nobody.
// I3  Every place is given back once, by the destructor of its UploadPlace.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "mooring/base/counter.h"

namespace mooring {

struct AdmissionOptions {
  std::uint64_t in_flight_max = 1024;  ///< of the whole server
  std::uint64_t waiting_min = 64;      ///< of a core: so many may always wait
  std::uint64_t delay_aim_ns = 0;      ///< 0: nothing is shed for its delay
  std::uint64_t interval_ns = 100'000'000;
};

/// Written by the core's thread, read by anyone.
struct AdmissionCounters {
  Counter shed_in_flight;  ///< refused: the server had too many in flight
  Counter shed_delay;      ///< refused: this core kept too many waiting for too long
  Counter shed_slow;       ///< cut: too slow a client, with buffers that others waited for
  Counter waiting;         ///< uploads that wait for the server now
  Counter waiting_max;     ///< how many may at present
};

class Admission;

/// One upload's place; move-only, given back by the destructor. The client has the turn at first.
class [[nodiscard]] UploadPlace {
 public:
  UploadPlace() noexcept = default;
  ~UploadPlace() { reset(); }
  UploadPlace(UploadPlace&& other) noexcept
      : admission_(std::exchange(other.admission_, nullptr)),
        delay_ns_(other.delay_ns_),
        since_ns_(other.since_ns_),
        is_servers_turn_(other.is_servers_turn_) {}
  UploadPlace& operator=(UploadPlace&& other) noexcept;

  /// Whether the upload was admitted.
  [[nodiscard]] explicit operator bool() const noexcept { return admission_ != nullptr; }
  /// From now on the upload waits for the server.
  void servers_turn() noexcept;
  /// From now on it waits for its client.
  void clients_turn() noexcept;

 private:
  friend class Admission;
  explicit UploadPlace(Admission& admission) noexcept : admission_(&admission) {}
  void reset() noexcept;

  Admission* admission_ = nullptr;
  std::uint64_t delay_ns_ = 0;
  std::uint64_t since_ns_ = 0;
  bool is_servers_turn_ = false;
};

class Admission {
 public:
  using Clock = std::uint64_t (*)() noexcept;

  /// `in_flight` is the whole server's count and outlives this, as `options` and `counters` do.
  Admission(const AdmissionOptions& options, std::atomic<std::uint64_t>& in_flight,
            AdmissionCounters& counters, Clock clock_ns) noexcept;
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  /// A place, or an empty one: the upload is refused.
  [[nodiscard]] UploadPlace enter() noexcept;

  [[nodiscard]] std::uint64_t waiting() const noexcept { return counters_.waiting; }
  [[nodiscard]] std::uint64_t waiting_max() const noexcept { return waiting_max_; }

 private:
  friend class UploadPlace;
  void leave(std::uint64_t delay_ns) noexcept;
  void note_delay(std::uint64_t delay_ns) noexcept;
  void set_waiting_max(std::uint64_t count) noexcept;

  const AdmissionOptions& options_;
  std::atomic<std::uint64_t>& in_flight_;
  Clock clock_ns_;
  AdmissionCounters& counters_;
  std::uint64_t waiting_max_ = 0;
  std::uint64_t interval_began_ns_ = 0;
  std::uint64_t least_delay_ns_ = UINT64_MAX;
  std::uint64_t most_waiting_ = 0;  // in this interval
};

}  // namespace mooring
