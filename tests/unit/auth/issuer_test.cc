// The local issuer: its secret file, and tokens that come back as who they were made for.
#include "mooring/auth/issuer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "token_maker.h"

namespace mooring {
namespace {

class SecretFile : public testing::Test {
 protected:
  SecretFile() {
    std::string name = (std::filesystem::temp_directory_path() / "mooring-auth-XXXXXX").string();
    dir_ = ::mkdtemp(name.data());
    path_ = dir_ / "secret";
  }
  ~SecretFile() override { std::filesystem::remove_all(dir_); }

  void write(std::string_view text, mode_t mode) {
    std::ofstream(path_, std::ios::binary) << text;
    ::chmod(path_.c_str(), mode);
  }
  Errc code() { return load_or_create_secret(dir_).error().code; }

  std::filesystem::path dir_;
  std::filesystem::path path_;
};

TEST_F(SecretFile, IsMadeOnceReadableByTheOwnerAlone) {
  EXPECT_EQ(load_secret(dir_).error().code, Errc::not_found);
  const Result<std::string> made = load_or_create_secret(dir_);
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->size(), 43u);
  struct stat status = {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(status.st_nlink, 1u);
  EXPECT_EQ(load_or_create_secret(dir_).value_or(""), *made);
  EXPECT_EQ(load_secret(dir_).value_or(""), *made);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_), {}), 1)
      << "no other name is left";
}

TEST_F(SecretFile, IsNeverTheSame) {
  const std::string first = load_or_create_secret(dir_).value_or("");
  std::filesystem::remove(path_);
  EXPECT_NE(load_or_create_secret(dir_).value_or(""), first);
}

TEST_F(SecretFile, IsRefusedWhenOthersMayUseIt) {
  for (const mode_t mode : {0640u, 0604u, 0620u, 0601u, 0666u}) {
    write(std::string(43, 's'), mode);
    EXPECT_EQ(code(), Errc::forbidden) << mode;
  }
  write(std::string(43, 's'), 0400);
  EXPECT_TRUE(load_or_create_secret(dir_).has_value());
}

TEST_F(SecretFile, IsRefusedWhenItsSizeIsWrongOrItIsNoPlainFile) {
  for (const std::size_t bytes : {std::size_t{0}, kSecretBytesMin - 1, kSecretBytesMax + 1}) {
    write(std::string(bytes, 's'), 0600);
    EXPECT_EQ(code(), Errc::corrupt) << bytes;
  }
  for (const std::size_t bytes : {kSecretBytesMin, kSecretBytesMax}) {
    write(std::string(bytes, 's'), 0600);
    EXPECT_EQ(load_secret(dir_).value_or("").size(), bytes);
  }
  std::filesystem::remove(path_);
  std::filesystem::create_symlink("elsewhere", path_);
  EXPECT_EQ(code(), Errc::corrupt);
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_EQ(code(), Errc::corrupt);
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(code(), Errc::corrupt);
}

TEST_F(SecretFile, IsUsedAsItIsByteForByte) {
  const std::string bytes = "with a newline and a NUL at the end: \n" + std::string(1, '\0');
  write(bytes, 0600);
  EXPECT_EQ(load_secret(dir_).value_or(""), bytes);
}

TEST_F(SecretFile, CannotBeMadeWhereThereIsNoDirectory) {
  EXPECT_FALSE(load_or_create_secret(dir_ / "absent").has_value());
}

TEST_F(SecretFile, SurvivesTheLeftoversOfACrash) {
  std::ofstream(path_.string() + ".new-" + std::to_string(::getpid())) << "half";
  EXPECT_EQ(load_or_create_secret(dir_).value_or("").size(), 43u);
}

TEST_F(SecretFile, WhatADeadProcessLeftIsRemovedAndNothingElse) {
  const std::string prefix = path_.string() + ".new-";
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  const std::string dead = prefix + std::to_string(child);
  const std::string alive = prefix + std::to_string(::getppid());
  const std::string other = prefix + "abc";
  for (int start = 0; start < 2; ++start) {  // the one that makes the secret, and a later one
    for (const std::string& name : {dead, alive, other}) std::ofstream(name) << "half";
    EXPECT_TRUE(load_or_create_secret(dir_));
    EXPECT_FALSE(std::filesystem::exists(dead));
    EXPECT_TRUE(std::filesystem::exists(alive));
    EXPECT_TRUE(std::filesystem::exists(other));
  }
}

class Issuer : public testing::Test {
 protected:
  Result<VerifiedToken> verify(const std::string& token, std::int64_t now = kNow) {
    return verifier_of({local_token_key(kTestSecret)}).verify(token, now);
  }
  Errc refusal(const TokenRequest& request) {
    const Result<std::string> token = mint_token(request, kTestSecret, kNow);
    return token ? Errc::internal : token.error().code;
  }
  TokenRequest request_{.subject = "user-1",
                        .organization = "org-5678",
                        .roles = {"admin", "sales-agent"},
                        .scopes = {"assets:read", "assets:write"}};
};

TEST_F(Issuer, ItsTokensComeBackAsWhoTheyWereMadeFor) {
  const Result<std::string> token = mint_token(request_, kTestSecret, kNow);
  ASSERT_TRUE(token.has_value());
  const Result<VerifiedToken> result = verify(*token);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(*result->identity, (Identity{.user = "user-1",
                                         .organization = "org-5678",
                                         .roles = {Role::admin},
                                         .scopes = {"assets:read", "assets:write"}}));
  EXPECT_EQ(result->expires_unix_ms, kNow + 3'600'000);
  EXPECT_FALSE(verify(*token, kNow + 3'600'000 + 60'000).has_value());
}

TEST_F(Issuer, NamesMayHoldQuotesAndOtherAlphabets) {
  request_.subject = "a \"b\" \\ \xC3\xA4";
  const Result<std::string> token = mint_token(request_, kTestSecret, kNow);
  ASSERT_TRUE(token.has_value());
  EXPECT_EQ(verify(*token).value().identity->user, request_.subject);
}

TEST_F(Issuer, ALongLifetimeIsTheOperatorsChoice) {
  request_.lifetime_seconds = 30LL * 24 * 60 * 60;
  EXPECT_TRUE(verify(mint_token(request_, kTestSecret, kNow).value_or("")).has_value());
}

TEST_F(Issuer, AnotherSecretOrIssuerIsRefused) {
  EXPECT_FALSE(verify(mint_token(request_, std::string(40, 'x'), kNow).value_or("")).has_value());
  EXPECT_FALSE(verify(hs256_token(kHead, claims_with(R"(,"iss":"other")"))).has_value());
  EXPECT_TRUE(verify(hs256_token(kHead, claims_with(R"(,"iss":"mooring")"))).has_value());
}

TEST_F(Issuer, RefusesWhatNoVerifierWouldTake) {
  const auto with = [&](auto change) {
    TokenRequest request = request_;
    change(request);
    return refusal(request);
  };
  EXPECT_EQ(with([](TokenRequest& r) { r.subject = ""; }), Errc::invalid);
  EXPECT_EQ(with([](TokenRequest& r) { r.subject = "a\nb"; }), Errc::invalid);
  EXPECT_EQ(with([](TokenRequest& r) { r.subject = "\xff"; }), Errc::invalid);
  EXPECT_EQ(with([](TokenRequest& r) { r.organization = ""; }), Errc::invalid);
  EXPECT_EQ(with([](TokenRequest& r) { r.organization = std::string(256, 'o'); }), Errc::invalid);
  EXPECT_EQ(with([](TokenRequest& r) { r.roles = {""}; }), Errc::invalid);
  EXPECT_EQ(with([](TokenRequest& r) { r.scopes = {"a b"}; }), Errc::invalid);
  EXPECT_EQ(with([](TokenRequest& r) { r.scopes.assign(65, "a"); }), Errc::invalid);
  EXPECT_EQ(with([](TokenRequest& r) { r.lifetime_seconds = 0; }), Errc::invalid);
  EXPECT_EQ(with([](TokenRequest& r) { r.lifetime_seconds = INT64_MAX; }), Errc::invalid);
  EXPECT_EQ(with([](TokenRequest& r) { r.roles.assign(60, std::string(200, 'r')); }),
            Errc::invalid);
}

}  // namespace
}  // namespace mooring
