// The digest of stored content: XXH3-128 (the only place that includes xxHash).
//
// XXH3 is fast and not collision-resistant: two inputs with one digest can be built by hand. So a
// digest finds candidates; it never decides that two contents are equal (bytes are compared before
// content is shared).
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>

#include "mooring/base/bytes.h"

namespace mooring {

/// 128 bits in canonical (big-endian) order: `hi` holds the first eight bytes that `xxh128sum`
/// prints.
struct Hash128 {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

/// 32 lower-case hex digits, as the stock `xxh128sum` prints them.
[[nodiscard]] std::string to_hex(const Hash128& hash);

/// XXH3-128 of `data` in one call. Any thread.
[[nodiscard]] Hash128 xxh3_128(Bytes data) noexcept;

/// XXH3-64 of `data`: the checksum of on-disk headers and the key of in-memory tables.
[[nodiscard]] std::uint64_t xxh3_64(Bytes data) noexcept;

/// XXH3-128 of a stream. One thread at a time. `finish` may be called any time and changes nothing.
class StreamHash {
 public:
  StreamHash();
  ~StreamHash();
  StreamHash(StreamHash&&) noexcept;
  StreamHash& operator=(StreamHash&&) noexcept;

  void reset() noexcept;
  void update(Bytes data) noexcept;
  [[nodiscard]] Hash128 finish() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mooring
