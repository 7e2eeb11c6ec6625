// Keys as an operator makes, sees and revokes them: the lines, and the socket they go through.
#include "mooring/app/key_admin.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <set>

#include "key_store.h"
#include "mooring/app/admin_socket.h"
#include "mooring/auth/api_key.h"

namespace mooring {
namespace {

std::string error_of(const JsonValue& answer) {
  const std::string* error = answer.find_string("error");
  return error != nullptr ? *error : "none";
}

TEST(KeyAdmin, AKeyIsShownOnceAndKeptAsAHash) {
  KeyStore store;
  const KeyStore::Made made = store.make(KeyKind::developer);
  const auto parsed = parse_api_key(made.text);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(to_string(parsed->id), made.id);
  const std::string list = store.ask_text(R"({"command":"key.list"})");
  EXPECT_NE(list.find(made.id), std::string::npos);
  EXPECT_NE(list.find(parsed->prefix), std::string::npos);
  for (std::size_t at = kKeyPrefixChars; at + 8 <= made.text.size(); ++at)
    EXPECT_EQ(list.find(made.text.substr(at, 8)), std::string::npos);
  const std::optional<KeyRecord> record = store.record(made);
  ASSERT_TRUE(record.has_value());
  EXPECT_TRUE(secret_matches(record->secret_hash, parsed->secret_hash));
  EXPECT_EQ(encode(*record).find(made.text.substr(kKeyPrefixChars + 1, 8)), std::string::npos);
}

TEST(KeyAdmin, AListShowsWhatIsKnownOfAKey) {
  KeyStore store;
  (void)store.ask(R"({"command":"key.create","kind":"attachments","owner":"a@b.c","name":"ci"})");
  const JsonValue answer = store.ask(R"({"command":"key.list","owner":"a@b.c"})");
  ASSERT_EQ(answer.find("keys")->items().size(), 1u);
  const JsonValue& key = answer.find("keys")->items()[0];
  EXPECT_EQ(*key.find_string("kind"), "attachments");
  EXPECT_EQ(*key.find_string("owner"), "a@b.c");
  EXPECT_EQ(*key.find_string("company"), "");
  EXPECT_EQ(*key.find_string("name"), "ci");
  EXPECT_EQ(key.find_string("created")->size(), 24u);
  EXPECT_TRUE(key.find("lastAccess")->is(JsonKind::null));
  EXPECT_TRUE(
      store.ask(R"({"command":"key.list","kind":"partner"})").find("keys")->items().empty());
}

TEST(KeyAdmin, LongListsComeInPagesThatMissNothing) {
  KeyStore store;
  std::set<std::string> made;
  for (std::size_t i = 0; i < 2 * kKeysPerAnswer + 1; ++i)
    made.insert(store.make(KeyKind::partner, "", "").id);
  std::set<std::string> seen;
  std::string after;
  int pages = 0;
  do {
    const JsonValue page = store.ask(R"({"command":"key.list","after":")" + after + R"("})");
    for (const JsonValue& key : page.find("keys")->items()) {
      EXPECT_TRUE(seen.insert(*key.find_string("id")).second) << "twice";
    }
    const std::string* next = page.find_string("next");
    after = next != nullptr ? *next : "";
  } while (++pages < 10 && !after.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(seen, made);
}

TEST(KeyAdmin, K3ARevokedKeyIsGone) {
  KeyStore store;
  const KeyStore::Made made = store.make(KeyKind::attachments);
  store.revoke(made.id);
  EXPECT_EQ(store.record(made), std::nullopt);
  EXPECT_EQ(error_of(store.ask(R"({"command":"key.revoke","id":")" + made.id + R"("})")),
            "not_found");
}

TEST(KeyAdmin, WhatCannotBeIsRefusedAndLeavesNothing) {
  KeyStore store;
  for (const char* line :
       {"", "x", "[]", "{}", R"({"command":"key.destroy"})", R"({"command":"key.create"})",
        R"({"command":"key.create","kind":"root","owner":"a"})",
        R"({"command":"key.create","kind":"attachments"})",
        R"({"command":"key.create","kind":"developer","owner":"a"})",
        R"({"command":"key.create","kind":"partner","name":"a\nb"})",
        R"({"command":"key.list","kind":"root"})", R"({"command":"key.revoke"})",
        R"({"command":"key.revoke","id":"0"})"})
    EXPECT_EQ(error_of(store.ask(line)), "invalid") << line;
  EXPECT_TRUE(list_keys(store.database(), {}).value().empty());
}

class AdminSocketTest : public ::testing::Test {
 protected:
  std::string path() { return store_.directory().string(); }
  std::unique_ptr<AdminSocket> serve() {
    auto opened = AdminSocket::open(path(), [this](std::string_view line) {
      ++asked_;
      return "echo " + std::string(line);
    });
    MOORING_CHECK(opened.has_value(), "the socket opens");
    return *std::move(opened);
  }

  KeyStore store_;
  std::atomic<int> asked_ = 0;
};

TEST_F(AdminSocketTest, AnswersItsOwnerAloneUntilItEnds) {
  EXPECT_EQ(ask_admin(path(), "x").error().code, Errc::not_found);
  {
    const auto socket = serve();
    struct stat status{};
    ASSERT_EQ(::stat((path() + "/admin.sock").c_str(), &status), 0);
    EXPECT_TRUE(S_ISSOCK(status.st_mode));
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    EXPECT_EQ(ask_admin(path(), "one").value_or("refused"), "echo one");
    EXPECT_EQ(ask_admin(path(), "two").value_or("refused"), "echo two");
  }
  EXPECT_FALSE(std::filesystem::exists(path() + "/admin.sock"));
  EXPECT_EQ(ask_admin(path(), "x").error().code, Errc::not_found);
}

TEST_F(AdminSocketTest, ReplacesASocketThatACrashLeft) {
  const Fd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  const std::string name = path() + "/admin.sock";
  ASSERT_LT(name.size(), sizeof address.sun_path);
  name.copy(address.sun_path, name.size());
  ASSERT_EQ(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(ask_admin(path(), "x").error().code, Errc::not_found) << "nobody listens";
  const auto socket = serve();
  EXPECT_EQ(ask_admin(path(), "x").value_or("refused"), "echo x");
}

TEST_F(AdminSocketTest, ADirectoryWithALongPathIsServed) {
  const std::string deep = path() + "/" + std::string(150, 'd');
  std::filesystem::create_directory(deep);
  auto socket = AdminSocket::open(deep, [](std::string_view) { return std::string("here"); });
  ASSERT_TRUE(socket.has_value()) << describe(socket.error());
  EXPECT_EQ(ask_admin(deep, "x").value_or("refused"), "here");
}

TEST_F(AdminSocketTest, LongAnswersComeWholeAndTooLongRequestsAreDropped) {
  auto socket = AdminSocket::open(path(), [this](std::string_view) {
    ++asked_;
    return std::string(3'000'000, 'a');
  });
  ASSERT_TRUE(socket.has_value());
  EXPECT_EQ(ask_admin(path(), "x").value_or("").size(), 3'000'000u);
  EXPECT_FALSE(ask_admin(path(), std::string(2 * kAdminRequestBytesMax, 'x')).has_value());
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(ask_admin(path(), "y").value_or("").size(), 3'000'000u) << "the next client is served";
}

}  // namespace
}  // namespace mooring
