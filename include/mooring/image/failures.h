// ImageFailures: what a picture did to a worker is remembered for a while, so that it does not do
// it again with every request.
//
// Process-wide; a table under one mutex that is held for a few instructions. What is remembered are
// failures that the picture itself caused: the worker died over it, took too long or ran out of its
// memory (Errc::internal of image/pool.h), or said that it is no picture (Errc::unprocessable). Not
// what the machine or the moment caused.
//
//   if (std::optional<Error> known = failures.recall(key, now_ms)) return *known;   // at once
//   …try…
//   if (!made) failures.remember(key, made.error(), now_ms);
//
// A failure is forgotten after ttl_ms, when it may be tried once more, and when the server stops.
// When entries_max are remembered, the oldest makes room. It bounds how often one picture costs a
// worker, not how many pictures do: for those there is the queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "mooring/base/result.h"
#include "mooring/image/flights.h"

namespace mooring {

struct ImageFailuresOptions {
  std::size_t entries_max = 4096;  ///< 0: nothing is remembered
  std::uint64_t ttl_ms = 300'000;
};

class ImageFailures {
 public:
  explicit ImageFailures(ImageFailuresOptions options) noexcept : options_(options) {}
  ImageFailures(const ImageFailures&) = delete;
  ImageFailures& operator=(const ImageFailures&) = delete;

  /// The error that was remembered for `key`, if it was less than ttl_ms ago. `now_ms` is of
  /// monotonic_ms. Any thread.
  [[nodiscard]] std::optional<Error> recall(const FlightKey& key, std::uint64_t now_ms);

  /// Remembers `error` from now on, if it is one that the picture caused. Any thread.
  void remember(const FlightKey& key, const Error& error, std::uint64_t now_ms);

  [[nodiscard]] std::size_t size() const;
  /// How often recall had an answer.
  [[nodiscard]] std::uint64_t recalled() const;
  /// The worst case of `entries`, for the sum of limits.
  [[nodiscard]] static std::size_t bytes_max(std::size_t entries) noexcept;

 private:
  struct Failure {
    Error error;
    std::uint64_t expires_ms = 0;
  };
  using Table = std::map<FlightKey, Failure>;

  void forget_expired(std::uint64_t now_ms);

  const ImageFailuresOptions options_;
  mutable std::mutex mutex_;
  Table failures_;
  std::deque<Table::iterator> by_age_;  // oldest first, which is who expires first
  std::uint64_t recalled_ = 0;
};

}  // namespace mooring
