// Authentication by keys on a real core: the cases K1 to K8, by number, and G2.
#include "mooring/app/authenticate.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <vector>

#include "key_store.h"
#include "mooring/auth/api_key.h"
#include "mooring/auth/issuer.h"
#include "mooring/base/clock.h"
#include "mooring/catalog/reader.h"

namespace mooring {
namespace {

/// ASSERT_TRUE returns, which a coroutine cannot.
#define CO_ASSERT(condition)                 \
  if (!(condition)) {                        \
    ADD_FAILURE() << #condition " is false"; \
    co_return;                               \
  }

constexpr std::string_view kSecret = "0123456789012345678901234567890123456789012";

constexpr Policy kBearer = Policy::verified(Caller::bearer);

/// A head with these fields and nothing else that matters.
struct Head {
  std::vector<Field> fields;
  operator RequestHead() const {
    RequestHead head;
    head.fields = fields;
    return head;
  }
};

/// What one core of a server has for its callers.
struct Bench {
  Bench(Core& core, KeyStore& store, std::uint64_t guesses_max)
      : reader(core, store.database()),
        verifier(*TokenVerifier::make({local_token_key(std::string(kSecret))})),
        tokens(16),
        keys(16),
        guesses(guesses_max, 3'600'000),
        authenticator(core, reader, store.writer(), verifier, tokens, keys, guesses) {}

  Reader reader;
  TokenVerifier verifier;
  TokenCache tokens;
  KeyCache keys;
  Throttle guesses;
  Authenticator authenticator;

  [[nodiscard]] std::uint64_t reads() const {
    return reader.metrics().from_memory + reader.metrics().on_worker;
  }
};

using Body = std::function<Task<void>(Bench&)>;

Task<void> run_body(Core& core, KeyStore& store, const Body& body, std::uint64_t guesses_max) {
  {
    Bench bench(core, store, guesses_max);
    co_await body(bench);
    co_await bench.authenticator.stop();
  }
  core.stop();
}

/// Runs `body` on a core of its own, on this thread, until it and what it left behind has ended.
void on_core(KeyStore& store, const Body& body, std::uint64_t guesses_max = 0) {
  WorkerPool workers(1);
  CoreOptions options;
  options.chunks_max = 4;
  options.head_buffers = 4;
  auto core = Core::create(options, workers);
  ASSERT_TRUE(core) << describe(core.error());
  Gate gate(**core);
  gate.spawn(run_body(**core, store, body, guesses_max));
  (*core)->run();
}

struct Answer {
  IdentityPtr identity;
  std::optional<Errc> error;
};

Task<Answer> ask(Bench& bench, Policy policy, std::vector<Field> fields,
                 std::string_view peer = "192.0.2.1") {
  const Head head{std::move(fields)};
  const RequestHead view = head;
  Result<IdentityPtr> identity = co_await bench.authenticator.authenticate(view, policy, peer);
  if (!identity) co_return Answer{nullptr, identity.error().code};
  const Status allowed = allow(policy, identity->get());
  if (!allowed) co_return Answer{nullptr, allowed.error().code};
  co_return Answer{*identity, std::nullopt};
}

std::string token() {
  return *mint_token({.subject = "u", .organization = "o"}, kSecret, wall_ms());
}

std::string altered(std::string text, std::size_t at) {
  text[at] = text[at] == 'a' ? 'b' : 'a';
  return text;
}

TEST(Authenticate, AnAttachmentsKeyIsItsOwner) {
  KeyStore store;
  const auto alone = store.make(KeyKind::attachments, "me@example.org", "");
  const auto company = store.make(KeyKind::attachments, "me@example.org", "company-9");
  on_core(store, [&](Bench& bench) -> Task<void> {
    const Answer first = co_await ask(bench, kAttachments, {{"X-API-KEY", alone.text}});
    CO_ASSERT(first.identity != nullptr);
    EXPECT_EQ(*first.identity, (Identity{.user = "me@example.org",
                                         .organization = "me@example.org",
                                         .caller = Caller::api_key}));
    const Answer second = co_await ask(bench, kAttachments, {{"x-api-key", company.text}});
    CO_ASSERT(second.identity != nullptr);
    EXPECT_EQ(second.identity->organization, "company-9");
  });
}

TEST(Authenticate, PartnerKeysSpeakForTheDevelopersCompany) {
  KeyStore store;
  const auto partner = store.make(KeyKind::partner, "app@example.org", "company-app");
  const auto developer = store.make(KeyKind::developer, "dev@example.org", "company-7");
  on_core(store, [&](Bench& bench) -> Task<void> {
    for (const std::string& scheme : {"", "Bearer ", "bearer "}) {
      const std::string authorization = scheme + developer.text;
      const Answer both = co_await ask(
          bench, kPartner, {{"x-api-key", partner.text}, {"Authorization", authorization}});
      CO_ASSERT(both.identity != nullptr);
      EXPECT_EQ(*both.identity, (Identity{.user = "dev@example.org",
                                          .organization = "company-7",
                                          .caller = Caller::partner_keys}));
    }
  });
}

TEST(Authenticate, PartnerKeysAreRefusedUnlessBothAreRight) {
  KeyStore store;
  const auto partner = store.make(KeyKind::partner);
  const auto developer = store.make(KeyKind::developer);
  const auto attachments = store.make(KeyKind::attachments);
  const std::string jwt = "Bearer " + token();
  const std::string wrong_partner = altered(partner.text, 20);
  on_core(store, [&](Bench& bench) -> Task<void> {
    const std::vector<std::vector<Field>> heads = {
        {},
        {{"x-api-key", partner.text}},
        {{"authorization", developer.text}},
        {{"x-api-key", developer.text}, {"authorization", partner.text}},
        {{"x-api-key", partner.text}, {"authorization", partner.text}},
        {{"x-api-key", attachments.text}, {"authorization", developer.text}},
        {{"x-api-key", wrong_partner}, {"authorization", developer.text}},
        {{"x-api-key", partner.text}, {"authorization", jwt}},
        {{"x-api-key", partner.text},
         {"x-api-key", partner.text},
         {"authorization", developer.text}},
    };
    for (std::size_t i = 0; i < heads.size(); ++i) {
      const Answer refused = co_await ask(bench, kPartner, heads[i]);
      EXPECT_EQ(refused.error, Errc::unauthenticated) << i;
      const Answer nobody = co_await ask(bench, kPartnerOptional, heads[i]);
      EXPECT_EQ(nobody.error, std::nullopt) << "G2: " << i;
      EXPECT_EQ(nobody.identity, nullptr) << "G2: " << i;
    }
    const Answer known = co_await ask(
        bench, kPartnerOptional, {{"x-api-key", partner.text}, {"authorization", developer.text}});
    EXPECT_NE(known.identity, nullptr) << "G2";
  });
}

TEST(Authenticate, K1AWrongChecksumIsRefusedWithoutARead) {
  KeyStore store;
  const auto key = store.make(KeyKind::attachments);
  const auto other_kind = store.make(KeyKind::developer);
  on_core(store, [&](Bench& bench) -> Task<void> {
    for (const std::string& text : {altered(key.text, 10), altered(key.text, kKeyTextChars - 1),
                                    std::string(), std::string("guess"), other_kind.text}) {
      const Answer refused = co_await ask(bench, kAttachments, {{"x-api-key", text}});
      EXPECT_EQ(refused.error, Errc::unauthenticated);
    }
    EXPECT_EQ(bench.reads(), 0u);
  });
}

// The record of one key with the hash of another: what a forger with the right checksum meets.
TEST(Authenticate, K2TheIdOfOneKeyWithTheSecretOfAnotherProvesNothing) {
  KeyStore store;
  const auto mine = store.make(KeyKind::attachments);
  class Swap final : public Mutation {
   public:
    explicit Swap(KeyRecord record) : record_(std::move(record)) {}
    Status apply(Transaction& transaction) override {
      const auto removed = remove_key(transaction, record_.id);
      if (!removed) return std::unexpected(removed.error());
      return create_key(transaction, record_);
    }

   private:
    KeyRecord record_;
  };
  KeyRecord record = *store.record(mine);
  record.secret_hash = make_api_key(KeyKind::attachments)->key.secret_hash;
  Swap swap(record);
  ASSERT_TRUE(store.writer().commit_and_wait(swap));
  on_core(store, [&](Bench& bench) -> Task<void> {
    const Answer refused = co_await ask(bench, kAttachments, {{"x-api-key", mine.text}});
    EXPECT_EQ(refused.error, Errc::unauthenticated);
    EXPECT_EQ(bench.reads(), 1u);
  });
}

TEST(Authenticate, K3ARevokedKeyIsDeadAtOnce) {
  KeyStore store;
  const auto key = store.make(KeyKind::attachments);
  on_core(store, [&](Bench& bench) -> Task<void> {
    const Answer before = co_await ask(bench, kAttachments, {{"x-api-key", key.text}});
    EXPECT_NE(before.identity, nullptr);
    store.revoke(key.id);
    const Answer after = co_await ask(bench, kAttachments, {{"x-api-key", key.text}});
    EXPECT_EQ(after.error, Errc::unauthenticated);
  });
  EXPECT_EQ(store.record(key), std::nullopt) << "noting the use did not bring it back";
}

TEST(Authenticate, AKeyInUseIsReadAgainOnlyOnceAnyKeyChanged) {
  KeyStore store;
  const auto key = store.make(KeyKind::attachments);
  const auto other = store.make(KeyKind::attachments);
  const auto use = [&](Bench& bench) -> Task<void> {
    const Answer allowed = co_await ask(bench, kAttachments, {{"x-api-key", key.text}});
    EXPECT_NE(allowed.identity, nullptr);
  };
  on_core(store, use);  // its first use is noted, which changes its record
  on_core(store, [&](Bench& bench) -> Task<void> {
    for (int i = 0; i < 5; ++i) co_await use(bench);
    EXPECT_EQ(bench.reads(), 1u);
    store.revoke(other.id);
    co_await use(bench);
    EXPECT_EQ(bench.reads(), 2u);
    store.revoke(key.id);
    const Answer after = co_await ask(bench, kAttachments, {{"x-api-key", key.text}});
    EXPECT_EQ(after.error, Errc::unauthenticated);
  });
}

TEST(Authenticate, K5AnUnknownKeyCostsTheReadOfAKnownOne) {
  KeyStore store;
  const auto known = store.make(KeyKind::attachments);
  const std::string unknown = make_api_key(KeyKind::attachments)->text;
  on_core(store, [&](Bench& bench) -> Task<void> {
    const Answer refused = co_await ask(bench, kAttachments, {{"x-api-key", unknown}});
    EXPECT_EQ(refused.error, Errc::unauthenticated);
    EXPECT_EQ(bench.reads(), 1u);
    const Answer allowed = co_await ask(bench, kAttachments, {{"x-api-key", known.text}});
    EXPECT_NE(allowed.identity, nullptr);
    EXPECT_EQ(bench.reads(), 2u);
  });
}

TEST(Authenticate, K6GuessesOfOneAddressAreThrottledAndGoodCredentialsPass) {
  KeyStore store;
  const auto key = store.make(KeyKind::attachments);
  const std::string jwt = "Bearer " + token();
  const std::string bad_jwt = altered(jwt, jwt.size() / 2);
  const auto body = [&](Bench& bench) -> Task<void> {
    for (int i = 0; i < 3; ++i) {
      const Answer guess = co_await ask(bench, kAttachments, {{"x-api-key", "guess"}});
      EXPECT_EQ(guess.error, Errc::unauthenticated);
    }
    const Answer more = co_await ask(bench, kAttachments, {{"x-api-key", "guess"}});
    EXPECT_EQ(more.error, Errc::throttled);
    const Answer by_token = co_await ask(bench, kBearer, {{"authorization", bad_jwt}});
    EXPECT_EQ(by_token.error, Errc::throttled) << "whatever is guessed";
    const Answer public_part =
        co_await ask(bench, kPartnerOptional, {{"x-api-key", "guess"}, {"authorization", "guess"}});
    EXPECT_EQ(public_part.error, Errc::throttled) << "also where nobody needs a key";
    const Answer owner = co_await ask(bench, kAttachments, {{"x-api-key", key.text}});
    EXPECT_NE(owner.identity, nullptr) << "not locked out, even of the same address";
    const Answer user = co_await ask(bench, kBearer, {{"authorization", jwt}});
    EXPECT_NE(user.identity, nullptr);
    const Answer nothing = co_await ask(bench, kAttachments, {});
    EXPECT_EQ(nothing.error, Errc::unauthenticated) << "to show nothing is no guess";
    const Answer elsewhere =
        co_await ask(bench, kAttachments, {{"x-api-key", "guess"}}, "192.0.2.2");
    EXPECT_EQ(elsewhere.error, Errc::unauthenticated) << "of another address";
  };
  on_core(store, body, 3);
}

TEST(Authenticate, K6GuessesAtOneKeyAreThrottledWhereverTheyComeFrom) {
  KeyStore store;
  const auto key = store.make(KeyKind::attachments);
  const std::string unknown = make_api_key(KeyKind::attachments)->text;
  const auto body = [&](Bench& bench) -> Task<void> {
    store.revoke(key.id);  // from now on its text is one that proves nothing, in the form of a key
    for (int i = 0; i < 4; ++i) {
      const Answer guess = co_await ask(bench, kAttachments, {{"x-api-key", key.text}},
                                        "192.0.2." + std::to_string(i));
      EXPECT_EQ(guess.error, i < 3 ? Errc::unauthenticated : Errc::throttled) << i;
    }
    const Answer other = co_await ask(bench, kAttachments, {{"x-api-key", unknown}}, "192.0.2.9");
    EXPECT_EQ(other.error, Errc::unauthenticated) << "of another key";
  };
  on_core(store, body, 3);
}

TEST(Authenticate, K6WithoutALimitNoGuessIsThrottled) {
  KeyStore store;
  on_core(store, [&](Bench& bench) -> Task<void> {
    for (int i = 0; i < 100; ++i) {
      const Answer guess = co_await ask(bench, kAttachments, {{"x-api-key", "guess"}});
      EXPECT_EQ(guess.error, Errc::unauthenticated);
    }
  });
}

TEST(Authenticate, K8AKeyAndATokenAtOnceAreInvalid) {
  KeyStore store;
  const auto key = store.make(KeyKind::attachments);
  const std::string bearer = "Bearer " + token();
  on_core(store, [&](Bench& bench) -> Task<void> {
    for (const Policy& policy : {kAttachments, kSweetConnect, kImages}) {
      const Answer both =
          co_await ask(bench, policy, {{"x-api-key", key.text}, {"authorization", bearer}});
      EXPECT_EQ(both.error, Errc::invalid);
    }
    const Answer open =
        co_await ask(bench, kPublic, {{"x-api-key", key.text}, {"authorization", bearer}});
    EXPECT_EQ(open.error, std::nullopt) << "nobody looks";
  });
}

TEST(Authenticate, AKeyWhereATokenIsWantedIsNobodyAndTheOtherWayRound) {
  KeyStore store;
  const auto key = store.make(KeyKind::attachments);
  const std::string as_bearer = "Bearer " + key.text;
  const std::string bearer = "Bearer " + token();
  on_core(store, [&](Bench& bench) -> Task<void> {
    const Answer by_field = co_await ask(bench, kSweetConnect, {{"x-api-key", key.text}});
    EXPECT_EQ(by_field.error, Errc::unauthenticated);
    const Answer by_scheme = co_await ask(bench, kSweetConnect, {{"authorization", as_bearer}});
    EXPECT_EQ(by_scheme.error, Errc::unauthenticated);
    const Answer by_token = co_await ask(bench, kAttachments, {{"authorization", bearer}});
    EXPECT_EQ(by_token.error, Errc::unauthenticated);
  });
}

TEST(Authenticate, AUseIsNotedOnceAndOffThePath) {
  KeyStore store;
  const auto key = store.make(KeyKind::attachments);
  const std::uint64_t before = store.writer().metrics().mutations;
  const std::int64_t started_ms = wall_ms();
  for (int core = 0; core < 2; ++core)
    on_core(store, [&](Bench& bench) -> Task<void> {
      for (int i = 0; i < 20; ++i) {
        const Answer allowed = co_await ask(bench, kAttachments, {{"x-api-key", key.text}});
        EXPECT_NE(allowed.identity, nullptr);
      }
    });
  EXPECT_EQ(store.writer().metrics().mutations - before, 1u);
  const std::optional<KeyRecord> record = store.record(key);
  ASSERT_TRUE(record && record->last_access_ms);
  EXPECT_GE(*record->last_access_ms, started_ms);
  EXPECT_LE(*record->last_access_ms, wall_ms());
}

}  // namespace
}  // namespace mooring
