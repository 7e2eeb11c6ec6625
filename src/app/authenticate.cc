#include "mooring/app/authenticate.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "mooring/auth/api_key.h"
#include "mooring/auth/bearer.h"
#include "mooring/base/clock.h"
#include "mooring/base/log.h"
#include "mooring/catalog/reader.h"
#include "mooring/catalog/writer.h"

namespace mooring {

namespace {

constexpr std::string_view kKeyField = "x-api-key";
constexpr std::string_view kAuthorizationField = "authorization";

class NoteUse final : public Mutation {
 public:
  NoteUse(const KeyId& id, std::int64_t now_ms) noexcept : id_(id), now_ms_(now_ms) {}
  [[nodiscard]] Status apply(Transaction& transaction) override {
    return touch_key(transaction, id_, now_ms_);
  }

 private:
  KeyId id_;
  std::int64_t now_ms_;
};

// The value of the only X-API-Key field. Two of them are no credential: which one counts would be a
// guess. (Two Authorization fields are a bad head and never come here.)
std::string_view key_field(const RequestHead& head) {
  std::string_view found;
  bool seen = false;
  for (const Field& field : head.fields) {
    if (!equal_ignoring_case(field.name, kKeyField)) continue;
    if (std::exchange(seen, true)) return {};
    found = field.value;
  }
  return found;
}

std::string_view authorization_of(const RequestHead& head) {
  return head.find(kAuthorizationField).value_or("");
}

// K8: which of the two would have been meant cannot be known.
bool has_key_and_token(const RequestHead& head) {
  return head.find(kKeyField).has_value() && bearer_token(authorization_of(head)).has_value();
}

std::int64_t due_of(const KeyRecord& record) {
  return record.last_access_ms ? *record.last_access_ms + kKeyAccessStepMs : 0;
}

IdentityPtr identity_of(KeyRecord record, Caller caller) {
  std::string organization = record.company_id.empty() ? record.owner : record.company_id;
  return std::make_shared<const Identity>(Identity{
      .user = std::move(record.owner), .organization = std::move(organization), .caller = caller});
}

}  // namespace

Task<Result<IdentityPtr>> Authenticator::authenticate(const RequestHead& head, const Policy& policy,
                                                      std::string_view peer) {
  if (policy.caller() == Caller::anyone) co_return IdentityPtr();
  if (policy.caller() != Caller::partner_keys && has_key_and_token(head))
    co_return fail(Errc::invalid, "a key and a token at once");
  Result<IdentityPtr> identity = IdentityPtr();
  if (policy.caller() == Caller::bearer)
    identity = authenticate_bearer(authorization_of(head), verifier_, tokens_, wall_ms());
  else
    identity = co_await from_keys(head, policy.caller());
  if (identity || identity.error().code != Errc::unauthenticated) co_return identity;
  if (!may_guess(head, policy.caller(), peer)) co_return fail(Errc::throttled, "guesses");
  if (policy.is_optional()) co_return IdentityPtr();
  co_return identity;
}

Task<Result<IdentityPtr>> Authenticator::from_keys(const RequestHead& head, Caller caller) {
  KeyCredentials shown{.caller = caller, .key = key_field(head)};
  if (caller == Caller::partner_keys) shown.authorization = authorization_of(head);
  const std::uint64_t generation = reader_.generation(Family::key);  // before anything is read
  if (IdentityPtr known = keys_.find(shown, generation, wall_ms())) co_return known;
  Result<ProvedKeys> proved = fail(Errc::unauthenticated, "no key");
  if (caller == Caller::partner_keys)
    proved = co_await prove_partner_keys(shown);
  else
    proved = co_await prove_api_key(shown.key);
  if (!proved) co_return std::unexpected(proved.error());
  keys_.insert(shown, generation, proved->due_ms, proved->identity);
  co_return std::move(proved->identity);
}

Task<Result<Authenticator::ProvedKeys>> Authenticator::prove_api_key(std::string_view text) {
  Result<KeyRecord> record = co_await prove(text, KeyKind::attachments);
  if (!record) co_return std::unexpected(record.error());
  const std::int64_t due_ms = due_of(*record);
  co_return ProvedKeys{identity_of(*std::move(record), Caller::api_key), due_ms};
}

Task<Result<Authenticator::ProvedKeys>> Authenticator::prove_partner_keys(
    const KeyCredentials& shown) {
  const std::string_view developer_text =
      bearer_token(shown.authorization).value_or(shown.authorization);
  Result<KeyRecord> partner = co_await prove(shown.key, KeyKind::partner);
  if (!partner) co_return std::unexpected(partner.error());
  Result<KeyRecord> developer = co_await prove(developer_text, KeyKind::developer);
  if (!developer) co_return std::unexpected(developer.error());
  const std::int64_t due_ms = std::min(due_of(*partner), due_of(*developer));
  co_return ProvedKeys{identity_of(*std::move(developer), Caller::partner_keys), due_ms};
}

Task<Result<KeyRecord>> Authenticator::prove(std::string_view text, KeyKind kind) {
  static constexpr KeySecretHash kNobodysHash = {};
  const std::optional<PresentedKey> key = parse_api_key(text);
  if (!key || key->kind != kind) co_return fail(Errc::unauthenticated, "no key of the kind");
  const KeyId id = key->id;
  Result<std::optional<KeyRecord>> record =
      co_await reader_.read([id](const View& view) { return find_key(view, id); });
  if (!record) co_return std::unexpected(record.error());
  const KeySecretHash& known = *record ? (*record)->secret_hash : kNobodysHash;
  const bool proved = secret_matches(known, key->secret_hash);
  if (!proved || !*record || (*record)->kind != kind)
    co_return fail(Errc::unauthenticated, "a key that proves nothing");
  note_use(**record);
  co_return **std::move(record);
}

// Showing nothing is no guess. One with a key's form counts against that key, too, wherever it
// comes from.
bool Authenticator::may_guess(const RequestHead& head, Caller caller, std::string_view peer) {
  if (!guesses_.is_on()) return true;
  const std::string_view key = caller == Caller::bearer ? std::string_view() : key_field(head);
  const std::string_view authorization =
      caller == Caller::api_key ? std::string_view() : authorization_of(head);
  if (key.empty() && authorization.empty()) return true;
  const std::uint64_t now_ns = monotonic_ns();
  bool may = guesses_.take(peer, now_ns);
  for (const std::string_view text : {key, bearer_token(authorization).value_or(authorization)})
    if (const std::optional<PresentedKey> named = parse_api_key(text))
      may &= guesses_.take("key " + to_string(named->id), now_ns);
  return may;
}

void Authenticator::note_use(const KeyRecord& record) {
  const std::int64_t now_ms = wall_ms();
  if (!access_is_due(record, now_ms) || gate_.is_closed()) return;
  if (noting_.size() >= kNotedUsesMax || std::ranges::find(noting_, record.id) != noting_.end())
    return;
  noting_.push_back(record.id);
  gate_.spawn(commit_use(record.id, now_ms));
}

Task<void> Authenticator::commit_use(KeyId id, std::int64_t now_ms) {
  NoteUse mutation(id, now_ms);
  const Status noted = co_await writer_.commit(core_, mutation);
  std::erase(noting_, id);
  if (!noted && noted.error().code != Errc::draining && noted.error().code != Errc::no_space)
    log_warning("auth", "the use of key {} was not noted: {}", to_string(id),
                describe(noted.error()));
}

Task<void> Authenticator::stop() {
  gate_.close();
  co_await gate_.empty();
}

}  // namespace mooring
