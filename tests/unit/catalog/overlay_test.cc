#include "mooring/catalog/overlay.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <utility>

namespace mooring {
namespace {

using Written = std::map<std::pair<Family, std::string>, std::optional<std::string>>;

/// What `find` answers for a key of which something is known.
std::optional<Overlay::Seen> known(Overlay::Seen value) {
  return std::optional<Overlay::Seen>(std::in_place, value);
}

Written written(const Overlay& overlay) {
  Written all;
  overlay.for_each([&](Family family, const Overlay::Change& change) {
    const bool is_new =
        all.emplace(std::pair(family, std::string(change.key)),
                    change.value ? std::optional(std::string(*change.value)) : std::nullopt)
            .second;
    EXPECT_TRUE(is_new) << "each key is visited once";
  });
  return all;
}

TEST(Overlay, TheNewestChangeOfAKeyHidesThoseBefore) {
  Overlay overlay;
  EXPECT_FALSE(overlay.find(Family::blob, "a"));
  overlay.put(Family::blob, "a", "1");
  overlay.put(Family::blob, "a", "2");
  overlay.put(Family::gc, "a", "other family");
  overlay.erase(Family::blob, "b");
  EXPECT_EQ(overlay.find(Family::blob, "a"), known("2"));
  EXPECT_EQ(overlay.find(Family::blob, "b"), known(std::nullopt));
  EXPECT_FALSE(overlay.find(Family::gc, "b"));
  EXPECT_EQ(written(overlay), (Written{{{Family::blob, "a"}, "2"},
                                       {{Family::blob, "b"}, std::nullopt},
                                       {{Family::gc, "a"}, "other family"}}));
  EXPECT_EQ(overlay.changes(), 4u);
}

TEST(Overlay, I2_WhatWasOnlyReadIsKnownButNeverWritten) {
  Overlay overlay;
  overlay.remember(Family::blob, "there", "1");
  overlay.remember(Family::blob, "absent", std::nullopt);
  EXPECT_EQ(overlay.find(Family::blob, "there"), known("1"));
  EXPECT_EQ(overlay.find(Family::blob, "absent"), known(std::nullopt));
  overlay.remember(Family::blob, "large", std::string(100'000, 'x'));
  EXPECT_FALSE(overlay.find(Family::blob, "large"));
  EXPECT_EQ(overlay.changes(), 0u);
  EXPECT_EQ(overlay.size_bytes(), 0u);
  EXPECT_TRUE(written(overlay).empty());
  EXPECT_TRUE(overlay.changes_of(Family::blob, "").empty());
  overlay.put(Family::blob, "there", "2");
  EXPECT_EQ(written(overlay), (Written{{{Family::blob, "there"}, "2"}}));
}

TEST(Overlay, ChangesOfAPrefixComeInKeyOrder) {
  Overlay overlay;
  for (const char* key : {"p3", "q1", "p1", "o9", "p2"}) overlay.put(Family::ref, key, key);
  overlay.erase(Family::ref, "p2");
  overlay.put(Family::blob, "p4", "");
  const auto found = overlay.changes_of(Family::ref, "p");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].key, "p1");
  EXPECT_EQ(found[1].key, "p2");
  EXPECT_FALSE(found[1].value);
  EXPECT_EQ(found[2].key, "p3");
}

// Against a map that is copied at every place: with enough keys for the table to grow on the way.
TEST(Overlay, I1_RollingBackRestoresWhatWasThere) {
  std::mt19937 random(7);
  Overlay overlay;
  Written expected;
  for (int mutation = 0; mutation < 400; ++mutation) {
    const Written before = expected;
    const std::size_t place = overlay.place();
    for (int change = 0; change < 20; ++change) {
      const Family family = random() % 2 == 0 ? Family::blob : Family::ref;
      const std::string key = std::to_string(random() % 3000);
      if (random() % 3 == 0) {
        overlay.erase(family, key);
        expected[{family, key}] = std::nullopt;
      } else {
        const std::string value = std::to_string(random());
        overlay.put(family, key, value);
        expected[{family, key}] = value;
      }
    }
    if (random() % 4 != 0) continue;
    overlay.roll_back(place);
    expected = before;
  }
  EXPECT_EQ(written(overlay), expected);
  for (const auto& [key, value] : expected)
    EXPECT_EQ(overlay.find(key.first, key.second), known(value));
  overlay.clear();
  EXPECT_TRUE(written(overlay).empty());
  EXPECT_EQ(overlay.changes(), 0u);
  EXPECT_EQ(overlay.size_bytes(), 0u);
}

}  // namespace
}  // namespace mooring
