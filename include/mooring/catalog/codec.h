// Records and keys as bytes.
//
// A record is one format version byte followed by its fields in order. A record whose version is
// not known, that ends early, goes on too long or holds a value out of range is corrupt; the
// decoder never reads past its end and never trusts a length before it has checked it (fuzzed).
// Keys are built so that their byte order is the order in which they are scanned: integers
// big-endian, identifiers raw, text of variable length preceded by its length.
//
//   byte     one byte            number  LEB128, at most 10 bytes     signed  zigzag, then number
//   flag     one byte, 0 or 1    text    number of bytes, then bytes  option  flag, then the value
//
// The decoder is sticky: after the first failure every read returns an empty value, and `finish`
// tells. So a record is decoded in straight lines and checked once.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/base/uuid.h"

namespace mooring {

class Encoder {
 public:
  explicit Encoder(std::uint8_t format_version) { byte(format_version); }

  Encoder& byte(std::uint8_t value);
  Encoder& number(std::uint64_t value);
  Encoder& signed_number(std::int64_t value);
  Encoder& flag(bool value) { return byte(value ? 1 : 0); }
  Encoder& text(std::string_view value);
  Encoder& option(const std::optional<std::string>& value);
  Encoder& uuid(const Uuid& value);
  Encoder& option(const std::optional<Uuid>& value);
  Encoder& blob(const BlobId& value);

  template <typename Enum>
    requires std::is_enum_v<Enum>
  Encoder& one_of(Enum value) {
    return byte(static_cast<std::uint8_t>(value));
  }

  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Decoder {
 public:
  /// Reads `bytes`, which must outlive the decoder. The version must be from 1 to `newest_version`.
  Decoder(std::string_view bytes, std::uint8_t newest_version);

  /// The version the record was written with; 0 if it was not acceptable.
  [[nodiscard]] std::uint8_t version() const noexcept { return version_; }

  std::uint8_t byte();
  std::uint64_t number();
  std::int64_t signed_number();
  bool flag();
  std::string text();
  /// As text, as a view into the bytes that are decoded.
  std::string_view text_view();
  std::optional<std::string> optional_text();
  Uuid uuid();
  std::optional<Uuid> optional_uuid();
  BlobId blob();
  /// A number that must fit `Unsigned`.
  template <typename Unsigned>
  Unsigned number_as() {
    const std::uint64_t value = number();
    if (value > std::numeric_limits<Unsigned>::max()) return fail_with<Unsigned>();
    return static_cast<Unsigned>(value);
  }
  /// An enumerator from `first` to `last`.
  template <typename Enum>
  Enum one_of(Enum first, Enum last) {
    const std::uint8_t value = byte();
    if (value < static_cast<std::uint8_t>(first) || value > static_cast<std::uint8_t>(last)) {
      failed_ = true;
      return first;
    }
    return static_cast<Enum>(value);
  }

  /// Ok if every read succeeded and nothing is left; else corrupt. `what` names the record.
  [[nodiscard]] Status finish(const char* what) const;

 private:
  template <typename T>
  T fail_with() {
    failed_ = true;
    return T{};
  }
  std::string_view take(std::uint64_t length);

  std::string_view rest_;
  std::uint8_t version_ = 0;
  bool failed_ = false;
};

/// Builds a key, field after field.
class Key {
 public:
  Key& u16(std::uint16_t value) { return big_endian(value, 2); }
  Key& u32(std::uint32_t value) { return big_endian(value, 4); }
  Key& u64(std::uint64_t value) { return big_endian(value, 8); }
  Key& uuid(const Uuid& value);
  Key& blob(const BlobId& value);  ///< hash 16 | ordinal 2
  Key& raw(std::string_view bytes);
  /// Two bytes of length and the text: no text is a prefix of another. At most 65,535 bytes.
  Key& text(std::string_view value);

  [[nodiscard]] std::string take() { return std::move(bytes_); }
  [[nodiscard]] std::string_view view() const noexcept { return bytes_; }
  operator std::string_view() const noexcept { return bytes_; }

 private:
  Key& big_endian(std::uint64_t value, int bytes);
  std::string bytes_;
};

/// Takes a key apart again. Sticky like Decoder.
class KeyReader {
 public:
  explicit KeyReader(std::string_view key) : rest_(key) {}
  std::uint16_t u16() { return static_cast<std::uint16_t>(big_endian(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
  std::uint64_t u64() { return big_endian(8); }
  Uuid uuid();
  BlobId blob();
  std::string_view text();
  std::string_view rest();  ///< everything that is left
  /// Ok if every read succeeded and nothing is left; else corrupt.
  [[nodiscard]] Status finish(const char* what) const;

 private:
  std::uint64_t big_endian(std::size_t bytes);
  std::string_view take(std::size_t length);
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace mooring
