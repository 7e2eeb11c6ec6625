// Families of refresh tokens: which generation of each is good (API 3.2, companions).
//
// A family is known from the first use of its first token. Using the good generation makes the next
// one good. Using any other one means that a token was used twice, by its owner or by a thief; who
// is who cannot be told, so the family ends (RFC 9700 section 4.14.2).
//
//   refresh  family 16 -> client, the good generation, whether it was ended
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/result.h"
#include "mooring/base/uuid.h"
#include "mooring/catalog/transaction.h"
#include "mooring/catalog/view.h"

namespace mooring {

struct RefreshRecord {
  std::string client;
  std::uint64_t generation = 0;
  bool ended = false;
  std::int64_t updated_ms = 0;
  friend bool operator==(const RefreshRecord&, const RefreshRecord&) = default;
};

[[nodiscard]] std::string encode(const RefreshRecord& record);
[[nodiscard]] Result<RefreshRecord> decode_refresh(std::string_view bytes);

/// Uses the token `generation` of `family`, which `client` was issued. Returns the generation that
/// is good from now on, or nothing if the token was not: then the family has ended for good. Fails
/// with io_error or corrupt.
[[nodiscard]] Result<std::optional<std::uint64_t>> use_refresh(Transaction& transaction,
                                                               const Uuid& family,
                                                               std::string_view client,
                                                               std::uint64_t generation,
                                                               std::int64_t now_ms);

}  // namespace mooring
