// The bytes of key records: contract in catalog/keys.h.
#include "mooring/catalog/codec.h"
#include "mooring/catalog/keys.h"

#include <cstring>

namespace mooring {
namespace {

constexpr std::uint8_t kKeyFormat = 1;
constexpr std::string_view kHexDigits = "0123456789abcdef";

}  // namespace

std::string encode(const KeyRecord& record) {
  Encoder out(kKeyFormat);
  out.one_of(record.kind);
  for (const std::byte byte : record.secret_hash) out.byte(std::to_integer<std::uint8_t>(byte));
  out.text(record.prefix)
      .text(record.owner)
      .text(record.company_id)
      .text(record.name)
      .signed_number(record.created_ms)
      .flag(record.last_access_ms.has_value())
      .signed_number(record.last_access_ms.value_or(0));
  return out.take();
}

Result<KeyRecord> decode_key(const KeyId& id, std::string_view bytes) {
  Decoder in(bytes, kKeyFormat);
  KeyRecord record;
  record.id = id;
  record.kind = in.one_of(KeyKind::attachments, KeyKind::developer);
  for (std::byte& byte : record.secret_hash) byte = std::byte{in.byte()};
  record.prefix = in.text();
  record.owner = in.text();
  record.company_id = in.text();
  record.name = in.text();
  record.created_ms = in.signed_number();
  const bool was_used = in.flag();
  const std::int64_t last_access_ms = in.signed_number();
  if (was_used) record.last_access_ms = last_access_ms;
  if (auto read = in.finish("key record"); !read) return std::unexpected(read.error());
  return record;
}

std::string to_string(const KeyId& id) {
  std::string text;
  for (const std::byte byte : id) {
    text += kHexDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kHexDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

std::optional<KeyId> key_id_from(std::string_view text) noexcept {
  KeyId id{};
  if (text.size() != 2 * id.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t digit = kHexDigits.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    id[i / 2] = (id[i / 2] << 4) | static_cast<std::byte>(digit);
  }
  return id;
}

}  // namespace mooring
