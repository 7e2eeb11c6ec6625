// Metrics of one core: what it counted since the start, without locks.
//
// One CoreMetrics per core, made by the server before the first thread and alive until the last has
// ended. Its core's thread alone writes (each change is a plain addition); anyone reads at any time
// (base/counter.h). metrics_page.h merges all cores and prints them.
//
// Invariants:
//   I1  nothing here allocates, locks or waits, so every function may be called on the hot path;
//   I2  the labels form a closed set: the families of the route table, status classes, stages,
//   kinds of
//       timeout and codes of errors. No text of a client becomes a label.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "mooring/api/services.h"
#include "mooring/base/counter.h"
#include "mooring/base/histogram.h"
#include "mooring/base/result.h"

namespace mooring {

/// Where the time of a request goes. A request records the stages it went through, and `whole`.
enum class Stage : std::uint8_t {
  head,         ///< from the first byte of the head to the last
  authorise,    ///< route, caller, limits
  receive,      ///< waiting for the body's bytes
  hash,         ///< XXH3 over them
  store_bytes,  ///< writing and syncing them
  commit,       ///< from handing the mutation to the writer to its answer
  respond,      ///< sending the answer
  whole,        ///< from the first byte of the head to the last of the answer
};
inline constexpr std::size_t kStages = 8;

/// What a connection was closed for not doing in time (the tables of [timeouts]).
enum class Timeout : std::uint8_t { idle, head, body, send };
inline constexpr std::size_t kTimeouts = 4;

/// Why a connection was closed without being served.
enum class ConnectionRefusal : std::uint8_t {
  too_many,
  too_many_of_address,
  no_descriptors,
  draining
};
inline constexpr std::size_t kConnectionRefusals = 4;

/// "store_bytes", "idle", "too_many_of_address", …; static storage.
[[nodiscard]] std::string_view name_of(Stage stage) noexcept;
[[nodiscard]] std::string_view name_of(Timeout timeout) noexcept;
[[nodiscard]] std::string_view name_of(ConnectionRefusal refusal) noexcept;

/// Rows of the table of requests: the resource families, and last what none of them answered.
inline constexpr std::size_t kFamilyRows = 16;
inline constexpr std::size_t kServerRow = kFamilyRows - 1;
inline constexpr std::string_view kServerFamily = "server";
inline constexpr std::size_t kStatusClasses = 5;  ///< 1xx to 5xx
inline constexpr std::size_t kErrorCodes = static_cast<std::size_t>(Errc::internal) + 1;

/// What only the core's thread can see, shown to others by `publish`.
struct CoreSample {
  std::uint64_t ring_enters = 0;
  std::uint64_t ring_submissions = 0;
  std::uint64_t ring_completions = 0;
  std::uint64_t chunks_leased = 0;
  std::uint64_t chunks_registered = 0;
  std::uint64_t chunks_max = 0;
};

/// Looks at `core`'s ring and chunk pool. The core's thread.
[[nodiscard]] CoreSample sample(Core& core) noexcept;

/// Aligned so that two cores never write to one cache line (64 bytes, fetched in pairs).
class alignas(128) CoreMetrics final : public IngestStages {
 public:
  /// `families`: the names of the route table, fewer than kFamilyRows (CHECK), the same on every
  /// core. They are literals; the span itself may go away.
  explicit CoreMetrics(std::span<const std::string_view> families);
  CoreMetrics(const CoreMetrics&) = delete;
  CoreMetrics& operator=(const CoreMetrics&) = delete;

  [[nodiscard]] std::span<const std::string_view> families() const noexcept {
    return {families_.data(), family_count_};
  }

  // The core's thread. Connections: open = accepted - closed; refused ones are not among the
  // accepted.
  void connection_accepted() noexcept { ++connections_accepted; }
  void connection_closed() noexcept { ++connections_closed; }
  void connection_refused(ConnectionRefusal why) noexcept { ++refused[index(why)]; }
  void connection_timed_out(Timeout kind) noexcept { ++timed_out[index(kind)]; }

  /// A response was sent. A `family` that is none of `families` counts as kServerFamily. `status`
  /// 100 to 599.
  void request_answered(std::string_view family, int status) noexcept;
  /// A request was refused from its head, before its body was read (DESIGN 5).
  void refused_early(Errc reason) noexcept { ++early_refusals[index(reason)]; }
  void stage_took(Stage stage, std::uint64_t duration_ns) noexcept {
    stages[index(stage)].record(duration_ns);
  }
  void took(IngestStage stage, std::uint64_t duration_ns) noexcept override;
  void received(std::uint64_t bytes) noexcept { bytes_received += bytes; }
  void sent(std::uint64_t bytes) noexcept { bytes_sent += bytes; }
  /// To be called every now and then, and before a page is rendered on this core.
  void publish(const CoreSample& now) noexcept;

  // Read by anyone.
  Counter connections_accepted, connections_closed;
  std::array<Counter, kConnectionRefusals> refused{};
  std::array<Counter, kTimeouts> timed_out{};
  std::array<std::array<Counter, kStatusClasses>, kFamilyRows> requests{};
  std::array<Counter, kErrorCodes> early_refusals{};
  Counter bytes_received, bytes_sent;
  /// Handed to the families as CoreServices::counters. Holds the counter of vow V3.
  IngestCounters ingest;
  std::array<LatencyHistogram, kStages> stages{};
  Counter ring_enters, ring_submissions, ring_completions;
  Counter chunks_leased, chunks_registered, chunks_max;

 private:
  template <typename Enum>
  static constexpr std::size_t index(Enum value) noexcept {
    return static_cast<std::size_t>(value);
  }

  std::array<std::string_view, kFamilyRows> families_{};
  std::size_t family_count_;
};

}  // namespace mooring
