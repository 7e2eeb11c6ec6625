#include "mooring/api/json_body.h"

#include <algorithm>
#include <span>
#include <utility>

#include "mooring/base/bytes.h"
#include "mooring/http/media_type.h"

namespace mooring {
namespace {

constexpr std::size_t kPieceBytes = 16_KiB;  // of a body whose length is not known

}  // namespace

Task<Result<JsonValue>> read_json_body(Exchange& exchange) {
  if (!is_json_type(exchange.head.find("Content-Type")))
    co_return fail(Errc::unsupported_media, "body that is not JSON");
  Result<std::string> text =
      co_await read_text_body(exchange.body, exchange.services.settings.json_bytes_max);
  if (!text) co_return std::unexpected(text.error());
  co_return parse_json(*text);
}

Task<Result<std::string>> read_text_body(BodyReader& body, std::size_t bytes_max) {
  const std::optional<std::uint64_t> declared_bytes = body.declared_bytes();
  if (declared_bytes.value_or(0) > bytes_max) co_return fail(Errc::too_large, "body by its head");

  std::string text;
  text.reserve(declared_bytes.value_or(kPieceBytes));
  text.append(as_text(body.take_arrived()));
  while (!body.at_end()) {
    const std::size_t had_bytes = text.size();
    if (had_bytes > bytes_max) co_return fail(Errc::too_large, "body");
    // One byte of room above the limit is enough to see that there is more.
    text.resize(had_bytes + std::min(kPieceBytes, bytes_max + 1 - had_bytes));
    const auto room = std::as_writable_bytes(std::span(text).subspan(had_bytes));
    Result<std::size_t> arrived_bytes = co_await body.read(room);
    if (!arrived_bytes) co_return std::unexpected(arrived_bytes.error());
    text.resize(had_bytes + *arrived_bytes);
    if (*arrived_bytes == 0) break;
  }
  if (text.size() > bytes_max) co_return fail(Errc::too_large, "body");
  co_return text;
}

bool is_json_type(const std::optional<std::string_view>& content_type) {
  if (!content_type) return true;
  const Result<MediaType> type = parse_media_type(*content_type);
  return type && type->essence == "application/json";
}

}  // namespace mooring
