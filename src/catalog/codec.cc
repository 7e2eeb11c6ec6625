#include "mooring/catalog/codec.h"

#include <algorithm>
#include <array>
#include <bit>

#include "mooring/base/check.h"

namespace mooring {
namespace {

constexpr int kNumberBytesMax = 10;  // of 7 bits each, for 64 bits

std::string_view text_of(const Uuid& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

}  // namespace

Encoder& Encoder::byte(std::uint8_t value) {
  bytes_.push_back(static_cast<char>(value));
  return *this;
}

Encoder& Encoder::number(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) byte(static_cast<std::uint8_t>(value | 0x80));
  return byte(static_cast<std::uint8_t>(value));
}

Encoder& Encoder::signed_number(std::int64_t value) {
  const auto shifted = static_cast<std::uint64_t>(value) << 1;
  return number(value < 0 ? ~shifted : shifted);
}

Encoder& Encoder::text(std::string_view value) {
  number(value.size());
  bytes_.append(value);
  return *this;
}

Encoder& Encoder::option(const std::optional<std::string>& value) {
  flag(value.has_value());
  return value ? text(*value) : *this;
}

Encoder& Encoder::uuid(const Uuid& value) {
  bytes_.append(text_of(value));
  return *this;
}

Encoder& Encoder::option(const std::optional<Uuid>& value) {
  flag(value.has_value());
  return value ? uuid(*value) : *this;
}

Encoder& Encoder::blob(const BlobId& value) {
  bytes_.append(Key().blob(value).view());
  return *this;
}

Decoder::Decoder(std::string_view bytes, std::uint8_t newest_version) : rest_(bytes) {
  version_ = byte();
  if (version_ == 0 || version_ > newest_version) {
    version_ = 0;
    failed_ = true;
  }
}

/// The next `length` bytes; empty, and failed, if there are fewer.
std::string_view Decoder::take(std::uint64_t length) {
  if (failed_ || length > rest_.size()) {
    failed_ = true;
    return {};
  }
  const std::string_view taken = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return taken;
}

std::uint8_t Decoder::byte() {
  const std::string_view taken = take(1);
  return taken.empty() ? 0 : static_cast<std::uint8_t>(taken[0]);
}

/// One number has one encoding: no padding with zero groups, no bits beyond the 64th.
std::uint64_t Decoder::number() {
  std::uint64_t value = 0;
  for (int i = 0; i < kNumberBytesMax; ++i) {
    const std::uint8_t group = byte();
    if (failed_) return 0;
    if (i == kNumberBytesMax - 1 && group > 1) break;
    value |= static_cast<std::uint64_t>(group & 0x7f) << (7 * i);
    if (group < 0x80) return group == 0 && i > 0 ? fail_with<std::uint64_t>() : value;
  }
  return fail_with<std::uint64_t>();
}

std::int64_t Decoder::signed_number() {
  const std::uint64_t value = number();
  const std::uint64_t magnitude = value >> 1;
  return static_cast<std::int64_t>((value & 1) != 0 ? ~magnitude : magnitude);
}

bool Decoder::flag() {
  const std::uint8_t value = byte();
  if (value > 1) failed_ = true;
  return value == 1;
}

std::string Decoder::text() {
  return std::string(text_view());
}

std::string_view Decoder::text_view() {
  const std::uint64_t length = number();
  return take(length);
}

std::optional<std::string> Decoder::optional_text() {
  if (!flag()) return std::nullopt;
  return text();
}

Uuid Decoder::uuid() {
  Uuid id;
  const std::string_view taken = take(id.bytes.size());
  std::ranges::copy(taken, id.bytes.begin());
  return id;
}

std::optional<Uuid> Decoder::optional_uuid() {
  if (!flag()) return std::nullopt;
  return uuid();
}

BlobId Decoder::blob() {
  const std::string_view taken = take(18);
  return failed_ ? BlobId{} : KeyReader(taken).blob();
}

Status Decoder::finish(const char* what) const {
  if (failed_ || !rest_.empty()) return fail(Errc::corrupt, what);
  return {};
}

Key& Key::big_endian(std::uint64_t value, int bytes) {
  const auto whole = std::bit_cast<std::array<char, sizeof value>>(__builtin_bswap64(value));
  return raw(std::string_view(whole.data(), whole.size())
                 .substr(whole.size() - static_cast<std::size_t>(bytes)));
}

Key& Key::uuid(const Uuid& value) {
  return raw(text_of(value));
}

Key& Key::blob(const BlobId& value) {
  return u64(value.hash.hi).u64(value.hash.lo).u16(value.ordinal);
}

Key& Key::raw(std::string_view bytes) {
  bytes_.append(bytes);
  return *this;
}

Key& Key::text(std::string_view value) {
  MOORING_CHECK(value.size() <= 0xffff, "a text in a key has at most 65,535 bytes");
  return u16(static_cast<std::uint16_t>(value.size())).raw(value);
}

std::string_view KeyReader::take(std::size_t length) {
  if (failed_ || length > rest_.size()) {
    failed_ = true;
    return {};
  }
  const std::string_view taken = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return taken;
}

std::uint64_t KeyReader::big_endian(std::size_t bytes) {
  std::uint64_t value = 0;
  for (const char c : take(bytes)) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

Uuid KeyReader::uuid() {
  Uuid id;
  std::ranges::copy(take(id.bytes.size()), id.bytes.begin());
  return id;
}

BlobId KeyReader::blob() {
  BlobId id;
  id.hash.hi = u64();
  id.hash.lo = u64();
  id.ordinal = u16();
  return id;
}

std::string_view KeyReader::text() {
  const std::uint16_t length = u16();
  return take(length);
}

std::string_view KeyReader::rest() {
  return take(rest_.size());
}

Status KeyReader::finish(const char* what) const {
  if (failed_ || !rest_.empty()) return fail(Errc::corrupt, what);
  return {};
}

}  // namespace mooring
