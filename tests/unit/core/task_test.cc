#include "mooring/core/task.h"

#include <cstring>
#include <memory>
#include <string>

#include "unit/core/harness.h"

namespace mooring {
namespace {

Task<int> answer(int value) {
  co_return value;
}

Task<std::unique_ptr<int>> answer_pointer(int value) {
  co_return std::make_unique<int>(value);
}

Task<int> sum_up_to(int n) {
  int sum = 0;
  for (int i = 1; i <= n; ++i) sum += co_await answer(i);
  co_return sum;
}

Task<void> store(int& place) {
  place = co_await sum_up_to(1000);
}

TEST(Task, AnswersItsAwaiter) {
  int place = 0;
  TestCore test;
  test.run(store(place));
  EXPECT_EQ(place, 500'500);
}

Task<void> take_pointer(std::string& text) {
  std::unique_ptr<int> pointer = co_await answer_pointer(7);
  text = std::to_string(*pointer);
}

TEST(Task, MovesWhatCannotBeCopied) {
  std::string text;
  TestCore test;
  test.run(take_pointer(text));
  EXPECT_EQ(text, "7");
}

struct CountsItsEnd {
  int& ends;
  ~CountsItsEnd() { ++ends; }
};

Task<void> never_awaited(int& ends) {
  const CountsItsEnd local{ends};
  co_return;
}

TEST(Task, ThatIsNotAwaitedNeverBegins) {
  int ends = 0;
  {
    const Task<void> task = never_awaited(ends);
  }
  EXPECT_EQ(ends, 0);
}

Task<void> destroys_its_locals(int& ends) {
  co_await never_awaited(ends);
  EXPECT_EQ(ends, 1);
}

TEST(Task, DestroysItsLocalsBeforeItsAwaiterGoesOn) {
  int ends = 0;
  TestCore test;
  test.run(destroys_its_locals(ends));
  EXPECT_EQ(ends, 1);
}

TEST(FramePool, HandsOutMemoryOfTheSizeAskedFor) {
  for (const std::size_t size : {1u, 64u, 65u, 8192u, 8193u, 100'000u}) {
    void* frame = allocate_frame(size);
    std::memset(frame, 0xab, size);
    free_frame(frame, size);
    void* again = allocate_frame(size);
    std::memset(again, 0xcd, size);
    free_frame(again, size);
  }
}

}  // namespace
}  // namespace mooring
