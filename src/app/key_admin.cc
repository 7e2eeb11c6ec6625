#include "mooring/app/key_admin.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "mooring/auth/api_key.h"
#include "mooring/base/clock.h"
#include "mooring/base/json_reader.h"
#include "mooring/base/json_writer.h"
#include "mooring/catalog/keys.h"

namespace mooring {

namespace {

class CreateKey final : public Mutation {
 public:
  explicit CreateKey(KeyRecord record) noexcept : record_(std::move(record)) {}
  [[nodiscard]] Status apply(Transaction& transaction) override {
    return create_key(transaction, record_);
  }

 private:
  KeyRecord record_;
};

class RevokeKey final : public Mutation {
 public:
  explicit RevokeKey(const KeyId& id) noexcept : id_(id) {}
  [[nodiscard]] Status apply(Transaction& transaction) override {
    const Result<std::optional<KeyRecord>> removed = remove_key(transaction, id_);
    if (!removed) return std::unexpected(removed.error());
    if (!*removed) return fail(Errc::not_found, "no key of this id");
    return {};
  }

 private:
  KeyId id_;
};

// Messages are static texts for the operator: no credential is in them.
std::string refusal(const Error& error) {
  JsonWriter json;
  json.begin_object();
  json.field("error", name_of(error.code)).field("message", std::string_view(error.where));
  json.end_object();
  return json.take();
}

std::string refusal(Errc code, const char* message) {
  return refusal(Error{code, 0, message});
}

std::string text_of(const JsonValue& request, std::string_view name) {
  const std::string* text = request.find_string(name);
  return text != nullptr ? *text : std::string();
}

// Nothing: there is no kind. An error: there is one, and it is none of ours.
Result<std::optional<KeyKind>> kind_of(const JsonValue& request) {
  const std::string* name = request.find_string("kind");
  if (name == nullptr) return std::nullopt;
  const std::optional<KeyKind> kind = key_kind_from(*name);
  if (!kind) return fail(Errc::invalid, "kind: attachments, partner or developer");
  return kind;
}

std::string answer_create(const JsonValue& request, Writer& writer) {
  const Result<std::optional<KeyKind>> kind = kind_of(request);
  if (!kind) return refusal(kind.error());
  if (!*kind) return refusal(Errc::invalid, "kind: attachments, partner or developer");
  const Result<NewKey> made = make_api_key(**kind);
  if (!made) return refusal(made.error());
  CreateKey mutation({.id = made->key.id,
                      .kind = made->key.kind,
                      .secret_hash = made->key.secret_hash,
                      .prefix = made->key.prefix,
                      .owner = text_of(request, "owner"),
                      .company_id = text_of(request, "company"),
                      .name = text_of(request, "name"),
                      .created_ms = wall_ms(),
                      .last_access_ms = {}});
  if (const Status created = writer.commit_and_wait(mutation); !created)
    return refusal(created.error());
  JsonWriter json;
  json.begin_object();
  json.field("id", to_string(made->key.id)).field("key", made->text);
  json.end_object();
  return json.take();
}

void write(JsonWriter& json, const KeyRecord& record) {
  std::optional<std::string> last_access;
  if (record.last_access_ms) last_access = iso8601(*record.last_access_ms);
  json.begin_object();
  json.field("id", to_string(record.id)).field("prefix", record.prefix);
  json.field("kind", name_of(record.kind)).field("owner", record.owner);
  json.field("company", record.company_id).field("name", record.name);
  json.field("created", iso8601(record.created_ms)).field("lastAccess", last_access);
  json.end_object();
}

// A place in the list that stays what it is while keys come and go: fixed width, so that places
// compare as text.
std::string place_of(const KeyRecord& record) {
  return fmt::format("{:020}-{}", record.created_ms, to_string(record.id));
}

std::string answer_list(const JsonValue& request, const View& catalogue) {
  const Result<std::optional<KeyKind>> kind = kind_of(request);
  if (!kind) return refusal(kind.error());
  KeyFilter filter{.kind = *kind};
  if (const std::string* owner = request.find_string("owner")) filter.owner = *owner;
  if (const std::string* company = request.find_string("company")) filter.company_id = *company;
  const Result<std::vector<KeyRecord>> records = list_keys(catalogue, filter);
  if (!records) return refusal(records.error());
  const auto first = std::ranges::upper_bound(*records, text_of(request, "after"), {}, place_of);
  const std::size_t left = static_cast<std::size_t>(records->end() - first);
  const std::span page(first, std::min(left, kKeysPerAnswer));
  JsonWriter json;
  json.begin_object().key("keys").begin_array();
  for (const KeyRecord& record : page) write(json, record);
  json.end_array();
  if (left > page.size()) json.field("next", place_of(page.back()));
  json.end_object();
  return json.take();
}

std::string answer_revoke(const JsonValue& request, Writer& writer) {
  const std::optional<KeyId> id = key_id_from(text_of(request, "id"));
  if (!id) return refusal(Errc::invalid, "id: 24 hexadecimal digits, as `mooring key list` shows");
  RevokeKey mutation(*id);
  if (const Status revoked = writer.commit_and_wait(mutation); !revoked)
    return refusal(revoked.error());
  JsonWriter json;
  json.begin_object();
  json.field("id", to_string(*id));
  json.end_object();
  return json.take();
}

}  // namespace

std::string answer_key_request(std::string_view line, Writer& writer, const View& catalogue) {
  const Result<JsonValue> request = parse_json(line);
  if (!request) return refusal(Errc::invalid, "not one JSON value");
  const std::string command = text_of(*request, "command");
  if (command == "key.create") return answer_create(*request, writer);
  if (command == "key.list") return answer_list(*request, catalogue);
  if (command == "key.revoke") return answer_revoke(*request, writer);
  return refusal(Errc::invalid, "no such command");
}

}  // namespace mooring
