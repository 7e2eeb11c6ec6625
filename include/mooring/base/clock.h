// Time. Deadlines and durations are monotonic; records and headers carry wall time.
#pragma once

#include <cstdint>
#include <string>

namespace mooring {

/// CLOCK_MONOTONIC in nanoseconds. For durations; survives changes of the wall clock.
[[nodiscard]] std::uint64_t monotonic_ns() noexcept;

/// CLOCK_MONOTONIC in milliseconds. For deadlines.
[[nodiscard]] inline std::uint64_t monotonic_ms() noexcept {
  return monotonic_ns() / 1'000'000;
}

/// Milliseconds since 1970-01-01T00:00:00Z. For records (rule X3).
[[nodiscard]] std::int64_t wall_ms() noexcept;

/// "2025-02-27T12:00:00.000Z": UTC, exactly three fraction digits (rule X3).
[[nodiscard]] std::string iso8601(std::int64_t unix_ms);

}  // namespace mooring
