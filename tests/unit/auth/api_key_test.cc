// The text of API keys: cases K1, K2 and K5 of the key rules as far as the text goes.
#include "mooring/auth/api_key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "mooring/base/check.h"

namespace mooring {
namespace {

NewKey made(KeyKind kind) {
  auto key = make_api_key(kind);
  MOORING_CHECK(key.has_value(), "there is randomness");
  return *std::move(key);
}

TEST(ApiKey, HasTheFormOfTheContract) {
  for (const auto& [kind, letters] :
       {std::pair(KeyKind::attachments, "att"), std::pair(KeyKind::partner, "ptn"),
        std::pair(KeyKind::developer, "dev")}) {
    const NewKey key = made(kind);
    ASSERT_EQ(key.text.size(), kKeyTextChars);
    EXPECT_TRUE(key.text.starts_with(letters)) << key.text;
    EXPECT_EQ(key.text.find('.'), kKeyPrefixChars);
    EXPECT_EQ(std::ranges::count_if(key.text, [](unsigned char c) { return std::isalnum(c); }),
              static_cast<std::ptrdiff_t>(kKeyTextChars - 1));
    EXPECT_EQ(key.key.prefix, key.text.substr(0, kKeyPrefixChars));
  }
}

TEST(ApiKey, WhatWasMadeIsReadAsTheSame) {
  for (const KeyKind kind : kKeyKinds) {
    const NewKey key = made(kind);
    const auto parsed = parse_api_key(key.text);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->kind, kind);
    EXPECT_EQ(parsed->prefix, key.key.prefix);
    EXPECT_EQ(parsed->id, key.key.id);
    EXPECT_TRUE(secret_matches(parsed->secret_hash, key.key.secret_hash));
  }
}

TEST(ApiKey, K1EverySlipOfOneCharacterIsRefused) {
  constexpr std::string_view kAlphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-_ ";
  const std::string text = made(KeyKind::attachments).text;
  for (std::size_t at = 0; at < text.size(); ++at)
    for (const char other : kAlphabet) {
      if (other == text[at]) continue;
      std::string wrong = text;
      wrong[at] = other;
      EXPECT_FALSE(parse_api_key(wrong).has_value()) << at << other;
    }
}

TEST(ApiKey, K1SwappedNeighboursAreRefused) {
  const std::string text = made(KeyKind::developer).text;
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    std::string wrong = text;
    std::swap(wrong[at], wrong[at + 1]);
    if (wrong == text) continue;
    EXPECT_FALSE(parse_api_key(wrong).has_value()) << at;
  }
}

TEST(ApiKey, K1AnotherLengthIsRefused) {
  const std::string text = made(KeyKind::partner).text;
  for (const std::string& wrong :
       {std::string(), std::string("x"), text.substr(1), text.substr(0, text.size() - 1),
        text + "0", " " + text, text + " ", std::string(8192, 'a'),
        std::string(kKeyTextChars, '\0')})
    EXPECT_FALSE(parse_api_key(wrong).has_value()) << wrong.size();
}

TEST(ApiKey, KeysDifferInEveryPart) {
  std::set<std::string> texts;
  std::set<KeyId> ids;
  std::set<KeySecretHash> hashes;
  for (int i = 0; i < 1000; ++i) {
    NewKey key = made(KeyKind::attachments);
    texts.insert(std::move(key.text));
    ids.insert(key.key.id);
    hashes.insert(key.key.secret_hash);
  }
  EXPECT_EQ(texts.size(), 1000u);
  EXPECT_EQ(ids.size(), 1000u);
  EXPECT_EQ(hashes.size(), 1000u);
}

TEST(ApiKey, EachOf62CharactersIsAsLikelyAsTheOthers) {
  std::array<int, 256> counts{};
  constexpr int kKeys = 3000;
  constexpr double kExpected = kKeys * 40 / 62.0;  // 40 random characters after the dot
  for (int i = 0; i < kKeys; ++i) {
    const std::string text = made(KeyKind::attachments).text;
    for (const char c : std::string_view(text).substr(6, 40))
      ++counts[static_cast<unsigned char>(c)];
  }
  double chi_squared = 0;
  int kinds = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    ++kinds;
    chi_squared += (count - kExpected) * (count - kExpected) / kExpected;
  }
  EXPECT_EQ(kinds, 62);
  EXPECT_LT(chi_squared, 130) << "61 degrees of freedom: above 130 once in a million runs";
}

TEST(ApiKey, SecretsMatchOnlyWhole) {
  const KeySecretHash hash = made(KeyKind::attachments).key.secret_hash;
  EXPECT_TRUE(secret_matches(hash, hash));
  for (std::size_t at = 0; at < hash.size(); ++at) {
    KeySecretHash other = hash;
    other[at] ^= std::byte{1};
    EXPECT_FALSE(secret_matches(hash, other)) << at;
  }
}

}  // namespace
}  // namespace mooring
