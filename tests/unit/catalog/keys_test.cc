// Records of API keys: found, listed, noted, revoked.
#include "mooring/catalog/keys.h"

#include <gtest/gtest.h>

#include "store.h"

namespace mooring {
namespace {

KeyRecord record(std::uint8_t number, KeyKind kind = KeyKind::attachments) {
  KeyRecord made;
  made.id.fill(std::byte{number});
  made.kind = kind;
  made.secret_hash.fill(std::byte{0xA5});
  made.prefix = "att01";
  made.owner = "owner@example.org";
  made.company_id = kind == KeyKind::attachments ? "" : "company-1";
  made.name = "key";
  made.created_ms = 1000 + number;
  return made;
}

Status create(Store& store, const KeyRecord& made) {
  return store.apply([&](Transaction& t) { return create_key(t, made); });
}

std::optional<KeyRecord> remove(Store& store, const KeyId& id) {
  return store.apply([&](Transaction& t) { return remove_key(t, id); }).value();
}

std::vector<KeyId> ids(const Store& store, const KeyFilter& filter) {
  std::vector<KeyId> found;
  const auto listed = list_keys(*store.database, filter);
  for (const KeyRecord& each : listed.value()) found.push_back(each.id);
  return found;
}

TEST(Keys, ARecordComesBackAsItWas) {
  Store store;
  KeyRecord made = record(1, KeyKind::developer);
  ASSERT_TRUE(create(store, made));
  EXPECT_EQ(find_key(*store.database, made.id).value(), made);
  made.last_access_ms = -5;
  EXPECT_EQ(decode_key(made.id, encode(made)).value(), made);
}

TEST(Keys, EveryCutRecordIsCorrupt) {
  const KeyRecord made = record(1);
  const std::string bytes = encode(made);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(code_of(decode_key(made.id, bytes.substr(0, size))), Errc::corrupt) << size;
  EXPECT_EQ(code_of(decode_key(made.id, bytes + "x")), Errc::corrupt);
  std::string of_no_kind = bytes;
  of_no_kind[1] = 4;
  EXPECT_EQ(code_of(decode_key(made.id, of_no_kind)), Errc::corrupt);
}

TEST(Keys, IdsAreHexDigits) {
  KeyId id{};
  id.front() = std::byte{0x0F};
  id.back() = std::byte{0xE1};
  EXPECT_EQ(to_string(id), "0f00000000000000000000e1");
  EXPECT_EQ(key_id_from(to_string(id)), id);
  for (const char* wrong : {"", "0f", "0F00000000000000000000E1", "0f00000000000000000000e1 ",
                            "0f00000000000000000000eg"})
    EXPECT_EQ(key_id_from(wrong), std::nullopt) << wrong;
}

TEST(Keys, AreListedByOwnerCompanyAndKindOldestFirst) {
  Store store;
  KeyRecord mine = record(9);
  KeyRecord theirs = record(2);
  theirs.owner = "owner@example.or";  // a prefix of the other's
  KeyRecord pair = record(3, KeyKind::developer);
  KeyRecord app = record(4, KeyKind::partner);
  app.owner = app.company_id = "";
  mine.created_ms = 1;
  for (const KeyRecord& each : {mine, theirs, pair, app}) ASSERT_TRUE(create(store, each));
  using Ids = std::vector<KeyId>;
  EXPECT_EQ(ids(store, {}), (Ids{mine.id, theirs.id, pair.id, app.id}));
  EXPECT_EQ(ids(store, {.owner = mine.owner}), (Ids{mine.id, pair.id}));
  EXPECT_EQ(ids(store, {.kind = KeyKind::attachments, .owner = mine.owner}), (Ids{mine.id}));
  EXPECT_EQ(ids(store, {.owner = theirs.owner}), (Ids{theirs.id}));
  EXPECT_EQ(ids(store, {.company_id = "company-1"}), (Ids{pair.id}));
  EXPECT_EQ(ids(store, {.kind = KeyKind::partner, .company_id = "company-1"}), Ids{});
  EXPECT_EQ(ids(store, {.owner = theirs.owner, .company_id = "company-1"}), Ids{});
  EXPECT_EQ(ids(store, {.kind = KeyKind::partner}), (Ids{app.id}));
  EXPECT_EQ(ids(store, {.owner = "nobody"}), Ids{});
}

TEST(Keys, ListsGoOnOverPages) {
  Store store;
  const Status filled = store.apply([&](Transaction& t) -> Status {
    for (unsigned i = 0; i < 2500; ++i) {
      KeyRecord each = record(0);
      each.id[0] = static_cast<std::byte>(i >> 8);
      each.id[1] = static_cast<std::byte>(i);
      if (Status created = create_key(t, each); !created) return created;
    }
    return {};
  });
  ASSERT_TRUE(filled);
  EXPECT_EQ(ids(store, {}).size(), 2500u);
  EXPECT_EQ(ids(store, {.owner = record(0).owner}).size(), 2500u);
}

TEST(Keys, K3ARevokedKeyIsGoneFromEveryList) {
  Store store;
  const KeyRecord made = record(1, KeyKind::developer);
  const KeyRecord other = record(2, KeyKind::developer);
  ASSERT_TRUE(create(store, made));
  ASSERT_TRUE(create(store, other));
  EXPECT_EQ(remove(store, made.id), made);
  EXPECT_EQ(find_key(*store.database, made.id).value(), std::nullopt);
  using Ids = std::vector<KeyId>;
  EXPECT_EQ(ids(store, {}), Ids{other.id});
  EXPECT_EQ(ids(store, {.owner = made.owner}), Ids{other.id});
  EXPECT_EQ(ids(store, {.company_id = made.company_id}), Ids{other.id});
  EXPECT_EQ(remove(store, made.id), std::nullopt);
  EXPECT_EQ(store.database->scan({.family = Family::key}).value().size(), 3u) << "I1";
}

TEST(Keys, AnIdIsGivenOnce) {
  Store store;
  KeyRecord made = record(1);
  ASSERT_TRUE(create(store, made));
  made.owner = "thief@example.org";
  EXPECT_EQ(code_of(create(store, made)), Errc::conflict);
  EXPECT_EQ(find_key(*store.database, made.id).value()->owner, "owner@example.org");
}

TEST(Keys, WhatCannotBeAKeyIsInvalid) {
  Store store;
  const auto refused = [&store](KeyKind kind, auto change) {
    KeyRecord made = record(1, kind);
    change(made);
    return code_of(create(store, made)) == Errc::invalid;
  };
  for (const KeyKind kind : {KeyKind::attachments, KeyKind::developer})
    EXPECT_TRUE(refused(kind, [](KeyRecord& made) { made.owner.clear(); }));
  EXPECT_TRUE(refused(KeyKind::developer, [](KeyRecord& made) { made.company_id.clear(); }));
  for (const std::string& text : {std::string("a\nb"), std::string("a\0b", 3), std::string("\x7F"),
                                  std::string("\xFF"), std::string(256, 'x')}) {
    EXPECT_TRUE(refused(KeyKind::partner, [&](KeyRecord& made) { made.owner = text; }));
    EXPECT_TRUE(refused(KeyKind::partner, [&](KeyRecord& made) { made.company_id = text; }));
    EXPECT_TRUE(refused(KeyKind::partner, [&](KeyRecord& made) { made.name = text; }));
  }
  EXPECT_TRUE(store.database->scan({.family = Family::key}).value().empty());
}

TEST(Keys, AUseIsNotedOncePerMinute) {
  Store store;
  const KeyRecord made = record(1);
  ASSERT_TRUE(create(store, made));
  const auto touch = [&](std::int64_t now_ms) {
    EXPECT_TRUE(store.apply([&](Transaction& t) { return touch_key(t, made.id, now_ms); }));
    return find_key(*store.database, made.id).value()->last_access_ms.value_or(-1);
  };
  EXPECT_EQ(touch(100'000), 100'000);
  EXPECT_EQ(touch(100'000 + kKeyAccessStepMs - 1), 100'000);
  EXPECT_EQ(touch(100'000 + kKeyAccessStepMs), 100'000 + kKeyAccessStepMs);
  EXPECT_EQ(touch(5), 100'000 + kKeyAccessStepMs) << "a clock that went back";
}

TEST(Keys, K3ALateNoteDoesNotBringARevokedKeyBack) {
  Store store;
  const KeyRecord made = record(1);
  ASSERT_TRUE(create(store, made));
  EXPECT_TRUE(remove(store, made.id).has_value());
  EXPECT_TRUE(store.apply([&](Transaction& t) { return touch_key(t, made.id, 9'000'000); }));
  EXPECT_EQ(find_key(*store.database, made.id).value(), std::nullopt);
}

}  // namespace
}  // namespace mooring
