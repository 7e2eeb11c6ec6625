// ApiKey: the text of an API key, how it is made, read and proved.
//
//   att7Q.5MduBSj0HYp6NevCTk1IZq7OfwDUl2Jar8PgxEVm2nbLFs
//   prefix 5 = kind 3, random 2 | . | selector 10 | verifier 30 | CRC 6         52 characters
//
// Prefix: three letters for the kind (att, ptn, dev), by which secret scanners and people know it,
// and two random ones, by which an owner tells his keys apart. Selector: finds the record.
// Verifier: 30 base62 characters, 178.6 bits from the system's generator: the secret. CRC: CRC-32
// of all before it, in base62, so that a slip of the pen is refused without a look-up (K1).
//
// Kept of a key are its prefix, its id (a hash of prefix and selector) and the SHA-256 of its whole
// text: a secret of this size needs no salt and no slow hash. The text itself is shown once, when
// it is made, and is never logged (K7). Any thread; microseconds.
//
// Invariants:
//   I1  two keys that differ in any character have different secret hashes, so that the selector of
//       one with the verifier of another proves nothing (K2);
//   I2  `parse_api_key` looks at nothing but the text, and what it returns proves nothing yet.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/key_kind.h"
#include "mooring/base/result.h"

namespace mooring {

inline constexpr std::size_t kKeyPrefixChars = 5;
inline constexpr std::size_t kKeyTextChars = 52;

/// What a text claims to be.
struct PresentedKey {
  KeyKind kind;
  std::string prefix;         ///< the first five characters: may be stored and shown
  KeyId id;                   ///< under which its record lies, if there is one
  KeySecretHash secret_hash;  ///< to be compared with the record's, by secret_matches
};

struct NewKey {
  std::string text;  ///< for its owner's eyes, once
  PresentedKey key;
};

/// A key nobody has seen. Errc::internal if the system gives no randomness.
[[nodiscard]] Result<NewKey> make_api_key(KeyKind kind);

/// `text` taken apart, or nothing: another length, alphabet, kind or checksum (K1).
[[nodiscard]] std::optional<PresentedKey> parse_api_key(std::string_view text);

/// Whether both are the hash of one secret, in a time that does not depend on them (K5).
[[nodiscard]] bool secret_matches(const KeySecretHash& a, const KeySecretHash& b) noexcept;

}  // namespace mooring
