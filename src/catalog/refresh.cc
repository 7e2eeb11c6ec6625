#include "mooring/catalog/refresh.h"

#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::uint8_t kRefreshFormat = 1;

}  // namespace

std::string encode(const RefreshRecord& record) {
  return Encoder(kRefreshFormat)
      .text(record.client)
      .number(record.generation)
      .flag(record.ended)
      .signed_number(record.updated_ms)
      .take();
}

Result<RefreshRecord> decode_refresh(std::string_view bytes) {
  Decoder in(bytes, kRefreshFormat);
  RefreshRecord record;
  record.client = in.text();
  record.generation = in.number();
  record.ended = in.flag();
  record.updated_ms = in.signed_number();
  if (auto read = in.finish("refresh record"); !read) return std::unexpected(read.error());
  return record;
}

Result<std::optional<std::uint64_t>> use_refresh(Transaction& transaction, const Uuid& family,
                                                 std::string_view client, std::uint64_t generation,
                                                 std::int64_t now_ms) {
  const std::string key = Key().uuid(family).take();
  const auto value = transaction.get(Family::refresh, key);
  if (!value) return std::unexpected(value.error());
  RefreshRecord record{.client = std::string(client), .generation = 0};
  if (*value) {
    Result<RefreshRecord> known = decode_refresh(**value);
    if (!known) return std::unexpected(known.error());
    record = *std::move(known);
  }
  const bool is_good = !record.ended && record.client == client && record.generation == generation;
  if (is_good)
    ++record.generation;
  else
    record.ended = true;
  record.updated_ms = now_ms;
  transaction.put(Family::refresh, key, encode(record));
  if (!is_good) return std::nullopt;
  return record.generation;
}

}  // namespace mooring
