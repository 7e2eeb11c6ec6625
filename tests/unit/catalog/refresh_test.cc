// Families of refresh tokens: one generation is good, and using another one ends the family.
#include "mooring/catalog/refresh.h"

#include <gtest/gtest.h>

#include "store.h"

namespace mooring {
namespace {

struct Refresh : testing::Test {
  Store store;
  Uuid family = new_uuid();

  std::optional<std::uint64_t> use(std::uint64_t generation, std::string_view client = "c",
                                   const Uuid* of = nullptr) {
    return store
        .apply([&](Transaction& t) {
          return use_refresh(t, of != nullptr ? *of : family, client, generation, 1);
        })
        .value();
  }
};

TEST_F(Refresh, EachUseMakesTheNextGenerationGood) {
  EXPECT_EQ(use(0), 1u);
  EXPECT_EQ(use(1), 2u);
  store.reopen();
  EXPECT_EQ(use(2), 3u);
}

TEST_F(Refresh, UsingAnOldOneEndsTheWholeFamilyForGood) {
  EXPECT_EQ(use(0), 1u);
  EXPECT_EQ(use(1), 2u);
  EXPECT_EQ(use(1), std::nullopt);
  EXPECT_EQ(use(2), std::nullopt) << "also the one that was good";
  EXPECT_EQ(use(0), std::nullopt);
}

TEST_F(Refresh, OfTwoRacingUsesOneWinsAndTheFamilyEnds) {
  const auto both = store.apply([&](Transaction& t) -> Result<std::vector<bool>> {
    std::vector<bool> good;
    for (int i = 0; i < 2; ++i) good.push_back(use_refresh(t, family, "c", 0, 1)->has_value());
    return good;
  });
  EXPECT_EQ(*both, (std::vector<bool>{true, false}));
  EXPECT_EQ(use(1), std::nullopt);
}

TEST_F(Refresh, FamiliesAndClientsAreApart) {
  const Uuid other = new_uuid();
  EXPECT_EQ(use(0), 1u);
  EXPECT_EQ(use(0, "d"), std::nullopt) << "another client's";
  EXPECT_EQ(use(0, "c", &other), 1u);
}

TEST_F(Refresh, ALaterGenerationOfAnUnknownFamilyIsNotGood) {
  EXPECT_EQ(use(3), std::nullopt);
  EXPECT_EQ(use(0), std::nullopt);
}

}  // namespace
}  // namespace mooring
