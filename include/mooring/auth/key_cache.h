// KeyCache: API keys proved before cost one hash instead of digests and look-ups.
//
// One per core, used by that core's thread alone. A fixed number of places, one for each hash: a
// newcomer takes the place of who was there. Whoever fills it says at which generation of the key
// records the proof was read (catalog/database.h) and until when it may be used: a revocation
// changes the generation, so that a key is dead on all cores once that is committed.
//
// Invariants:
//   I1  no text of a key is kept: an entry is found by 128 bits of a hash over the credentials and
//       16 bytes of randomness of this process, which nobody outside can collide with;
//   I2  what was proved at another generation, or is due, is not found;
//   I3  credentials longer than kCachedCredentialBytesMax are not kept, refusals never.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "mooring/auth/identity.h"
#include "mooring/auth/policy.h"
#include "mooring/base/digest.h"

namespace mooring {

inline constexpr std::size_t kCachedCredentialBytesMax = 256;

/// What a request showed, as it stands in its head.
struct KeyCredentials {
  Caller caller = Caller::api_key;
  std::string_view key = {};
  std::string_view authorization = {};
};

class KeyCache {
 public:
  /// `entries` is rounded up to a power of two; 0 keeps nothing.
  explicit KeyCache(std::size_t entries);

  /// The identity that exactly these credentials proved at `generation`, or null.
  [[nodiscard]] IdentityPtr find(const KeyCredentials& shown, std::uint64_t generation,
                                 std::int64_t now_ms) const noexcept;

  /// `due_ms`: from when on the proof has to be made again.
  void insert(const KeyCredentials& shown, std::uint64_t generation, std::int64_t due_ms,
              IdentityPtr identity) noexcept;

  /// The worst case of `entries`, for the sum of limits.
  [[nodiscard]] static std::size_t bytes_max(std::size_t entries) noexcept;

 private:
  struct Entry {
    Hash128 print = {};
    std::uint64_t generation = 0;
    std::int64_t due_ms = 0;
    IdentityPtr identity = {};
  };

  [[nodiscard]] std::optional<Hash128> print_of(const KeyCredentials& shown) const noexcept;

  std::vector<Entry> entries_;
  std::array<std::byte, 16> salt_{};
};

}  // namespace mooring
