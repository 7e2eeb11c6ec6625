#include "mooring/api/admission.h"

#include <gtest/gtest.h>

#include <vector>

namespace mooring {
namespace {

constexpr std::uint64_t kMs = 1'000'000;
std::uint64_t now_ns = 0;

std::uint64_t test_clock() noexcept {
  return now_ns;
}

class AdmissionTest : public ::testing::Test {
 protected:
  AdmissionTest() { now_ns = 1000 * kMs; }

  // Uploads that wait `delay_ms` each, `at_once` of them at a time, for `rounds` rounds.
  void serve(std::uint64_t delay_ms, std::size_t at_once, std::size_t rounds) {
    for (std::size_t round = 0; round < rounds; ++round) {
      std::vector<UploadPlace> places;
      for (std::size_t i = 0; i < at_once; ++i) {
        places.push_back(admission_.enter());
        places.back().servers_turn();
      }
      now_ns += delay_ms * kMs;
    }
  }

  AdmissionOptions options_{.in_flight_max = 100, .waiting_min = 4, .delay_aim_ns = 50 * kMs};
  std::atomic<std::uint64_t> in_flight_{0};
  AdmissionCounters counters_;
  Admission admission_{options_, in_flight_, counters_, test_clock};
};

TEST_F(AdmissionTest, AdmitsUpToTheLimitOfTheServer) {
  in_flight_ = 98;  // on other cores
  UploadPlace first = admission_.enter();
  UploadPlace second = admission_.enter();
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(admission_.enter());
  EXPECT_EQ(counters_.shed_in_flight.get(), 1u);
  first = UploadPlace();
  EXPECT_TRUE(admission_.enter());
  EXPECT_EQ(counters_.shed_delay.get(), 0u);
}

TEST_F(AdmissionTest, GivesEveryPlaceBackOnce) {
  {
    UploadPlace place = admission_.enter();
    place.servers_turn();
    UploadPlace moved = std::move(place);
    EXPECT_EQ(admission_.waiting(), 1u);
    moved.clients_turn();
    moved.clients_turn();
    EXPECT_EQ(admission_.waiting(), 0u);
    moved.servers_turn();
  }
  EXPECT_EQ(in_flight_, 0u);
  EXPECT_EQ(admission_.waiting(), 0u);
}

TEST_F(AdmissionTest, ShedsWhileEveryUploadWaitsTooLong) {
  serve(60, 40, 4);
  EXPECT_LT(admission_.waiting_max(), 40u);
  const std::uint64_t shed_before = counters_.shed_delay.get();
  std::vector<UploadPlace> places;
  for (std::uint64_t i = 0; i < admission_.waiting_max(); ++i) {
    places.push_back(admission_.enter());
    ASSERT_TRUE(places.back()) << i;
    places.back().servers_turn();
  }
  EXPECT_EQ(counters_.shed_delay.get(), shed_before);
  EXPECT_FALSE(admission_.enter());
  EXPECT_EQ(counters_.shed_delay.get(), shed_before + 1);
}

TEST_F(AdmissionTest, ShedsNobodyWhileTheDelayIsWithinTheAim) {
  serve(50, 40, 40);
  EXPECT_EQ(admission_.waiting_max(), options_.in_flight_max);
  EXPECT_EQ(counters_.shed_delay.get(), 0u);
}

TEST_F(AdmissionTest, OneQuickUploadProvesThatThereIsNoQueue) {
  for (int i = 0; i < 20; ++i) {
    serve(1, 1, 1);
    serve(60, 40, 1);
  }
  EXPECT_EQ(counters_.shed_delay.get(), 0u);
}

TEST_F(AdmissionTest, NeverRefusesTheLeastNumberHoweverSlowTheDisk) {
  serve(5000, 4, 50);
  EXPECT_EQ(admission_.waiting_max(), options_.waiting_min);
  EXPECT_EQ(counters_.shed_delay.get(), 0u);
}

TEST_F(AdmissionTest, RecoversWhenTheLoadIsGone) {
  serve(500, 40, 20);
  ASSERT_EQ(admission_.waiting_max(), options_.waiting_min);
  serve(10, 2, 400);
  EXPECT_EQ(admission_.waiting_max(), options_.in_flight_max);
}

TEST_F(AdmissionTest, SlowClientsAreNoLoad) {
  std::vector<UploadPlace> slow;
  for (int i = 0; i < 50; ++i) slow.push_back(admission_.enter());
  now_ns += 3'600'000 * kMs;
  EXPECT_EQ(admission_.waiting(), 0u);
  for (UploadPlace& place : slow) place.servers_turn();
  now_ns += kMs;
  slow.clear();
  EXPECT_EQ(admission_.waiting_max(), options_.in_flight_max);
}

TEST_F(AdmissionTest, AnAimOfZeroShedsNothingForItsDelay) {
  options_.delay_aim_ns = 0;
  serve(5000, 40, 20);
  EXPECT_EQ(admission_.waiting_max(), options_.in_flight_max);
  EXPECT_EQ(counters_.shed_delay.get(), 0u);
}

}  // namespace
}  // namespace mooring
