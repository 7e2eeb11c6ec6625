#include <utility>

#include "attachment_handlers.h"
#include "mooring/api/attachments/pocket_json.h"
#include "mooring/auth/api_key.h"
#include "mooring/base/clock.h"
#include "mooring/catalog/keys.h"
#include "mooring/catalog/reader.h"

namespace mooring {
namespace {

constexpr std::size_t kKeyIdSegment = 4;  // of /api/v2/user/api_keys/{id}
constexpr std::string_view kBadName = "Name contains invalid characters";

/// Everybody sees and revokes the own keys only.
bool belongs_to(const KeyRecord& key, std::string_view owner) {
  return key.kind == KeyKind::attachments && key.owner == owner;
}

Result<KeyRecord> revoke(Transaction& transaction, const KeyId& id, std::string_view owner) {
  const auto key = find_key(transaction, id);
  if (!key) return std::unexpected(key.error());
  if (!*key || !belongs_to(**key, owner)) return fail(Errc::not_found, "api key");
  const auto removed = remove_key(transaction, id);
  if (!removed) return std::unexpected(removed.error());
  return **key;
}

}  // namespace

Task<Response> handle_list_api_keys(Exchange& exchange) {
  auto keys =
      co_await exchange.services.reader.read([owner = key_owner(exchange)](const View& view) {
        return list_keys(view, {.kind = KeyKind::attachments, .owner = owner});
      });
  if (!keys) co_return refuse_pocket(keys.error());
  co_return json_response(kPocketSuccess, api_keys_body(*keys));
}

Task<Response> handle_create_api_key(Exchange& exchange) {
  OrResponse<std::string> name = co_await read_body(exchange, parse_key_name);
  if (!name) co_return std::move(name.error());
  Result<NewKey> made = make_api_key(KeyKind::attachments);
  if (!made) co_return refuse_pocket(made.error());
  const KeyRecord record{.id = made->key.id,
                         .kind = KeyKind::attachments,
                         .secret_hash = made->key.secret_hash,
                         .prefix = made->key.prefix,
                         .owner = key_owner(exchange),
                         .name = *std::move(name),
                         .created_ms = wall_ms()};
  if (!check_key(record)) co_return pocket_error(400, kBadName);
  auto change = pocket_change<KeyRecord>([&record](Transaction& transaction) -> Result<KeyRecord> {
    const Status created = create_key(transaction, record);
    if (!created) return std::unexpected(created.error());
    return record;
  });
  Status committed = co_await exchange.services.writer.commit(exchange.services.core, change);
  if (!committed) co_return refuse_pocket(committed.error());
  Response response = json_response(kPocketSuccess, pocket_word_body("api_key", made->text));
  response.add("Cache-Control", "no-store");  // shown once
  co_return response;
}

Task<Response> handle_delete_api_key(Exchange& exchange) {
  const auto id = key_id_from(exchange.segment(kKeyIdSegment));
  if (!id) co_return pocket_error(404, kApiKeyNotFound);
  const std::string& owner = key_owner(exchange);
  auto change = pocket_change<KeyRecord>(
      [&](Transaction& transaction) { return revoke(transaction, *id, owner); });
  Status committed = co_await exchange.services.writer.commit(exchange.services.core, change);
  if (!committed) co_return refuse_pocket(committed.error(), kApiKeyNotFound);
  co_return json_response(kPocketSuccess, std::string(kPocketDone));
}

}  // namespace mooring
