// TokenCache: a token seen before costs a hash and a compare instead of a signature check.
//
// One per core, used by that core's thread alone. A fixed number of entries in sets of four; a new
// token takes an empty or expired place of its set, else the one longest unused. Only tokens that
// the verifier accepted come in, so what is found was once right, and it stays right until it
// expires.
//
// Invariants:
//   I1  an entry is found only by the identical token: the XXH3-128 finds the place, all bytes
//   decide; I2  an entry is dead from the millisecond of its `exp` on; I3  memory stays under
//   bytes_max(): longer tokens than kCachedTokenBytesMax are not kept.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/auth/identity.h"
#include "mooring/auth/jwt.h"
#include "mooring/base/digest.h"

namespace mooring {

inline constexpr std::size_t kCachedTokenBytesMax = 4_KiB;

class TokenCache {
 public:
  /// `entries` is rounded up to a power of two of at least 4; 0 keeps nothing.
  explicit TokenCache(std::size_t entries);

  /// The identity of exactly `token`, or null.
  [[nodiscard]] IdentityPtr find(std::string_view token, std::int64_t now_unix_ms) noexcept;

  void insert(std::string_view token, VerifiedToken verified, std::int64_t now_unix_ms);

  [[nodiscard]] std::size_t capacity() const noexcept { return sets_.size() * kWays; }
  /// The worst case of `entries`, for the sum of limits.
  [[nodiscard]] static std::size_t bytes_max(std::size_t entries) noexcept;

 private:
  static constexpr std::size_t kWays = 4;
  struct Entry {
    Hash128 hash = {};
    std::int64_t expires_unix_ms = 0;
    std::uint64_t used = 0;  // tick of the last hit: the smallest of a set is the longest unused
    std::string token = {};
    IdentityPtr identity = {};
  };
  using Set = std::array<Entry, kWays>;

  [[nodiscard]] Set* set_of(const Hash128& hash) noexcept;

  std::vector<Set> sets_;
  std::uint64_t tick_ = 0;
};

}  // namespace mooring
