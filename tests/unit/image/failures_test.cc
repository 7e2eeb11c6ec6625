#include "mooring/image/failures.h"

#include <gtest/gtest.h>

namespace mooring {
namespace {

FlightKey key_of(std::uint64_t original) {
  return {.original = {.hash = {original, 0}}, .width_max = 10, .height_max = 10};
}

const Error kCrash{Errc::internal, 0, "an image worker"};

TEST(ImageFailures, AnswersTheSameErrorUntilItsTimeIsOver) {
  ImageFailures failures({.entries_max = 10, .ttl_ms = 100});
  EXPECT_FALSE(failures.recall(key_of(1), 1000));
  failures.remember(key_of(1), kCrash, 1000);
  EXPECT_EQ(failures.recall(key_of(1), 1000), kCrash);
  EXPECT_EQ(failures.recall(key_of(1), 1099), kCrash);
  EXPECT_FALSE(failures.recall(key_of(1), 1100)) << "it may be tried once more";
  EXPECT_EQ(failures.recalled(), 2u);
}

TEST(ImageFailures, AnotherRenditionOfThePictureIsAnotherFailure) {
  ImageFailures failures({});
  failures.remember(key_of(1), kCrash, 1000);
  FlightKey wider = key_of(1);
  wider.width_max = 11;
  EXPECT_FALSE(failures.recall(wider, 1000));
  EXPECT_FALSE(failures.recall(key_of(2), 1000));
}

TEST(ImageFailures, RemembersOnlyWhatThePictureCaused) {
  ImageFailures failures({});
  for (const Errc code : {Errc::overloaded, Errc::io_error, Errc::no_space, Errc::corrupt,
                          Errc::not_found, Errc::sync_failed, Errc::cancelled}) {
    failures.remember(key_of(1), {code}, 1000);
    EXPECT_FALSE(failures.recall(key_of(1), 1000)) << name_of(code);
  }
  failures.remember(key_of(1), {Errc::unprocessable}, 1000);
  EXPECT_EQ(failures.recall(key_of(1), 1000)->code, Errc::unprocessable);
}

TEST(ImageFailures, TheOldestMakesRoomAtTheLimit) {
  ImageFailures failures({.entries_max = 3, .ttl_ms = 100});
  for (std::uint64_t i = 1; i <= 3; ++i) failures.remember(key_of(i), kCrash, 1000);
  EXPECT_TRUE(failures.recall(key_of(1), 1000)) << "the limit is allowed";
  failures.remember(key_of(4), kCrash, 1001);
  EXPECT_EQ(failures.size(), 3u);
  EXPECT_FALSE(failures.recall(key_of(1), 1001));
  for (std::uint64_t i = 2; i <= 4; ++i) EXPECT_TRUE(failures.recall(key_of(i), 1001)) << i;
}

TEST(ImageFailures, WhatIsRememberedAgainWhileItStandsKeepsItsTime) {
  ImageFailures failures({.entries_max = 3, .ttl_ms = 100});
  failures.remember(key_of(1), kCrash, 1000);
  failures.remember(key_of(1), kCrash, 1050);
  EXPECT_EQ(failures.size(), 1u);
  EXPECT_FALSE(failures.recall(key_of(1), 1100));
  failures.remember(key_of(1), kCrash, 1100);
  EXPECT_TRUE(failures.recall(key_of(1), 1199)) << "a second try has a time of its own";
  EXPECT_EQ(failures.size(), 1u);
}

TEST(ImageFailures, WithoutEntriesNothingIsRemembered) {
  ImageFailures failures({.entries_max = 0});
  failures.remember(key_of(1), kCrash, 1000);
  EXPECT_FALSE(failures.recall(key_of(1), 1000));
  EXPECT_EQ(failures.size(), 0u);
}

}  // namespace
}  // namespace mooring
