#include "mooring/image/pool.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <ranges>
#include <thread>

#include "mooring/uring/file.h"
#include "unit/image/harness.h"
#include "unit/image/pictures.h"

namespace mooring {
namespace {

ImagePoolOptions with_vice(const std::string& vice) {
  ImagePoolOptions options = pool_options({.timeout_ms = 500});
  options.command.arguments = {"bad-worker:" + vice};
  return options;
}

Result<MadeImage> render_with(ImagePool& pool) {
  static const std::string picture = colored(100, 50, ".png");
  return fulfil(pool,
                rendition_order(as_bytes(picture), ImageFormat::png, 20, 20, ImageFormat::png));
}

// Waits for the first process that makes renditions and answers its pid.
pid_t pid_of(const ImagePool& pool) {
  while (pool.pids(ImageTask::render).empty()) std::this_thread::yield();
  return pool.pids(ImageTask::render).front();
}

// Once `pid` has reached `state` ("T": stopped).
void await_state(pid_t pid, char state) {
  std::string line;
  do {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::getline(file, line);
  } while (!line.empty() && line[line.rfind(')') + 2] != state);
}

// Once only the first thread of `pid` is left: its descriptors are closed when the others are gone.
void await_last_thread(pid_t pid) {
  const std::filesystem::path threads("/proc/" + std::to_string(pid) + "/task");
  while (std::ranges::distance(std::filesystem::directory_iterator(threads)) > 1)
    std::this_thread::yield();
}

// Three orders of one lane, so that two wait, until `pool` is given up while the first is at work
// and so many processes were started.
std::vector<Result<MadeImage>> give_up_over(ImagePool& pool, std::uint64_t processes) {
  static const std::string picture = colored(100, 50, ".png");
  std::vector<Result<MadeImage>> answers;
  const auto one = [&](Core& core) -> Task<void> {
    std::optional<ImageAdmission> admission = pool.admit(ImageTask::check);
    MOORING_CHECK(admission.has_value(), "nobody else uses the pool");
    const ImageOrder order = order_of(as_bytes(picture), ImageFormat::png);
    Result<MadeImage> made = co_await pool.run(core, std::move(*admission), order);
    answers.push_back(std::move(made));
  };
  std::thread stopper([&] {
    while (pool.metrics().checks.working < 1 || pool.metrics().checks.waiting < 2 ||
           pool.metrics().processes_started < processes)
      std::this_thread::yield();
    pool.give_up();
  });
  run_on_core([&](Core& core) -> Task<void> {
    Gate gate(core);
    for (int i = 0; i < 3; ++i) gate.spawn(one(core));
    gate.close();
    co_await gate.empty();
  });
  stopper.join();
  return answers;
}

TEST(ImagePool, WhoGivesUpWaitsForNoWorker) {
  for (const std::string vice : {"hangs", "hangs at its start"}) {
    ImagePoolOptions options = with_vice(vice);
    options.limits.timeout_ms = 3'600'000;
    ImagePool pool(options);
    const std::uint64_t processes = vice == "hangs" ? 1 : 0;
    const auto answers = give_up_over(pool, processes);
    ASSERT_EQ(answers.size(), 3u) << vice;
    for (const Result<MadeImage>& made : answers) {
      ASSERT_FALSE(made) << vice;
      EXPECT_EQ(made.error().code, Errc::overloaded) << vice;
    }
    EXPECT_EQ(pool.metrics().crashed + pool.metrics().timed_out, 0u) << vice;
    EXPECT_EQ(pool.metrics().processes_started, processes)
        << vice << ": the start was not waited for to its end";
    const Result<MadeImage> late = render_with(pool);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Errc::overloaded) << "for good";
  }
}

TEST(ImagePool, MakesARendition) {
  ImagePool pool(pool_options());
  const Result<MadeImage> made = render_with(pool);
  ASSERT_TRUE(made) << describe(made.error());
  EXPECT_EQ(made->width, 20u);
  EXPECT_EQ(made->height, 10u);
  EXPECT_EQ(made->hash, xxh3_128(made->content.bytes()));
  EXPECT_EQ(pool.metrics().done, 1u);
}

TEST(ImagePool, TakesTheFirstBytesOfAnOpenFile) {
  const std::string picture = colored(64, 64, ".jpg");
  Result<Fd> file = make_output_file();
  ASSERT_TRUE(file);
  ASSERT_TRUE(write_all(file->get(), as_bytes(picture + std::string(5000, '\0')), 0));
  ImagePool pool(pool_options());
  ImageOrder order = order_of({}, ImageFormat::jpeg);
  order.fd = file->get();
  order.size_bytes = picture.size();
  const Result<MadeImage> checked = fulfil(pool, order);
  ASSERT_TRUE(checked) << describe(checked.error());
  EXPECT_EQ(checked->width, 64u);
}

TEST(ImagePool, AWorkerThatFailsCostsOneRequest) {
  for (const std::string vice : {"dies", "short message", "no picture", "claims more",
                                 "over the box", "keeps writing", "hangs"}) {
    ImagePool pool(with_vice(vice));
    for (int i = 0; i < 2; ++i) {
      const Result<MadeImage> made = render_with(pool);
      ASSERT_FALSE(made) << vice;
      EXPECT_EQ(made.error().code, Errc::internal) << vice;
    }
    const ImageMetrics metrics = pool.metrics();
    EXPECT_EQ(metrics.processes_started, 2u) << vice << ": each was replaced";
    EXPECT_EQ(metrics.crashed, vice == "dies" ? 2u : 0u);
    EXPECT_EQ(metrics.timed_out, vice == "hangs" ? 2u : 0u);
    EXPECT_EQ(metrics.misbehaved, vice == "dies" || vice == "hangs" ? 0u : 2u) << vice;
  }
}

TEST(ImagePool, SaysWhenNoWorkerGetsReady) {
  for (const std::string vice : {"never ready", "wrong magic"}) {
    ImagePool pool(with_vice(vice));
    const Result<MadeImage> made = render_with(pool);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::overloaded) << vice << ": not the picture's doing";
  }
  ImagePoolOptions options = pool_options();
  options.command.executable = "/nowhere/mooring";
  ImagePool pool(options);
  EXPECT_FALSE(render_with(pool));
  EXPECT_EQ(pool.metrics().failed, 1u);
}

TEST(ImagePool, AWorkerFoundDeadCostsNobodyAnything) {
  ImagePool pool(pool_options());
  ASSERT_TRUE(render_with(pool));
  const pid_t worker = pid_of(pool);
  ASSERT_EQ(::kill(worker, SIGKILL), 0);
  await_state(worker, 'Z');
  await_last_thread(worker);
  ASSERT_TRUE(render_with(pool));
  EXPECT_EQ(pool.metrics().processes_started, 2u);
  EXPECT_EQ(pool.metrics().crashed, 0u);
}

TEST(ImagePool, AStoppedWorkerIsKilledAfterItsTime) {
  ImagePool pool(pool_options({.timeout_ms = 300}));
  ASSERT_TRUE(render_with(pool));
  const pid_t stopped = pid_of(pool);
  ASSERT_EQ(::kill(stopped, SIGSTOP), 0);
  await_state(stopped, 'T');
  const Result<MadeImage> late = render_with(pool);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::internal);
  EXPECT_EQ(pool.metrics().timed_out, 1u);
  EXPECT_NE(::kill(stopped, 0), 0) << "it is reaped";
  EXPECT_TRUE(render_with(pool)) << "the next one works";
}

TEST(ImagePool, AWorkerKilledOverItsWorkFailsThatRequestAlone) {
  ImagePool pool(pool_options());
  ASSERT_TRUE(render_with(pool));
  const pid_t worker = pid_of(pool);
  ASSERT_EQ(::kill(worker, SIGSTOP), 0);
  await_state(worker, 'T');
  std::thread killer([&] {
    while (pool.metrics().renditions.working == 0) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // the request is in its socket
    ::kill(worker, SIGKILL);
  });
  const Result<MadeImage> made = render_with(pool);
  killer.join();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::internal);
  EXPECT_EQ(pool.metrics().crashed, 1u);
  EXPECT_TRUE(render_with(pool));
}

TEST(ImagePool, ReplacesAProcessAfterItsJobs) {
  ImagePool pool(pool_options({.jobs_per_process_max = 3}));
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(render_with(pool));
  EXPECT_EQ(pool.metrics().processes_started, 3u);
}

TEST(ImagePool, TurnsAwayWhatTheQueueCannotHold) {
  ImagePoolOptions options = pool_options();
  options.renditions.queue_max = 3;
  ImagePool pool(options);
  std::vector<ImageAdmission> held;
  for (int i = 0; i < 4; ++i) {
    std::optional<ImageAdmission> admission = pool.admit(ImageTask::render);
    ASSERT_TRUE(admission) << i;
    held.push_back(std::move(*admission));
  }
  EXPECT_FALSE(pool.admit(ImageTask::render));
  EXPECT_EQ(pool.metrics().turned_away, 1u);
  EXPECT_EQ(pool.metrics().renditions.waiting, 4u);
  held.pop_back();
  EXPECT_TRUE(pool.admit(ImageTask::render));
}

TEST(ImagePool, EachLaneHasABoundOfItsOwn) {
  ImagePoolOptions options = pool_options();
  options.checks.queue_max = 2;
  options.renditions.queue_max = 0;
  ImagePool pool(options);
  const std::optional<ImageAdmission> rendition = pool.admit(ImageTask::render);
  EXPECT_TRUE(rendition);
  EXPECT_FALSE(pool.admit(ImageTask::render));
  std::vector<ImageAdmission> held;
  for (int i = 0; i < 3; ++i) {
    std::optional<ImageAdmission> admission = pool.admit(ImageTask::check);
    ASSERT_TRUE(admission) << i;
    held.push_back(std::move(*admission));
  }
  EXPECT_FALSE(pool.admit(ImageTask::check));
  EXPECT_EQ(pool.metrics().checks.waiting, 3u);
  EXPECT_EQ(pool.metrics().renditions.waiting, 1u);
  held.pop_back();
  EXPECT_TRUE(pool.admit(ImageTask::check));
}

TEST(ImagePool, ChecksNeverWaitForRenditions) {
  ImagePoolOptions options = pool_options();
  options.renditions.queue_max = 1;
  ImagePool pool(options);
  const std::string picture = colored(10, 10, ".png");
  const ImageOrder check = order_of(as_bytes(picture), ImageFormat::png);
  // All room for renditions is taken, one more waits for it, and then the queue is full.
  std::vector<Result<MadeImage>> held;
  for (std::size_t i = 0; i < kOutputsPerWorker; ++i) held.push_back(render_with(pool));
  std::thread another([&] { EXPECT_TRUE(render_with(pool)); });
  while (pool.metrics().renditions.waiting == 0) std::this_thread::yield();
  std::optional<ImageAdmission> last = pool.admit(ImageTask::render);
  EXPECT_FALSE(pool.admit(ImageTask::render));
  EXPECT_TRUE(fulfil(pool, check)) << "without room for a rendition";
  last.reset();
  held.clear();
  another.join();
  // The worker that makes renditions hangs over one.
  const pid_t worker = pid_of(pool);
  ASSERT_EQ(::kill(worker, SIGSTOP), 0);
  await_state(worker, 'T');
  std::thread slow([&] { EXPECT_TRUE(render_with(pool)); });
  while (pool.metrics().renditions.working == 0) std::this_thread::yield();
  EXPECT_TRUE(fulfil(pool, check)) << "without a worker for a rendition";
  ASSERT_EQ(::kill(worker, SIGCONT), 0);
  slow.join();
}

TEST(ImagePool, ChecksComeBeforeRenditionsAtTheProcessors) {
  ImagePool pool(pool_options());
  const std::string picture = colored(10, 10, ".png");
  ASSERT_TRUE(fulfil(pool, order_of(as_bytes(picture), ImageFormat::png)));
  ASSERT_TRUE(render_with(pool));
  const auto niceness = [&](ImageTask task) {
    return ::getpriority(PRIO_PROCESS, static_cast<id_t>(pool.pids(task).front()));
  };
  EXPECT_LT(::getpriority(PRIO_PROCESS, 0), niceness(ImageTask::check)) << "the server comes first";
  EXPECT_LT(niceness(ImageTask::check), niceness(ImageTask::render));
  EXPECT_EQ(::sched_getscheduler(pool.pids(ImageTask::check).front()), SCHED_OTHER);
  EXPECT_EQ(::sched_getscheduler(pool.pids(ImageTask::render).front()), SCHED_IDLE);
}

TEST(ImagePool, ThatAWorkerGetsNoProcessorIsNotThePicturesDoing) {
  if (!std::ifstream("/proc/self/schedstat")) GTEST_SKIP() << "this kernel does not tell";
  ImagePool pool(pool_options({.timeout_ms = 500}));
  ASSERT_TRUE(render_with(pool));
  const pid_t worker = pid_of(pool);
  cpu_set_t allowed, one;
  ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &allowed)) ++cpu;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  ASSERT_EQ(::sched_setaffinity(worker, sizeof one, &one), 0);
  std::atomic<bool> busy{true};
  std::atomic<int> begun{0};
  std::vector<std::thread> spinners;
  for (int i = 0; i < 2; ++i)
    spinners.emplace_back([&] {
      (void)::sched_setaffinity(0, sizeof one, &one);
      ++begun;
      while (busy) {
      }
    });
  while (begun < 2) std::this_thread::yield();
  const std::string large = black_png(16'000, 3'000);
  const Result<MadeImage> made =
      fulfil(pool, rendition_order(as_bytes(large), ImageFormat::png, 20, 20, ImageFormat::png));
  busy = false;
  for (std::thread& spinner : spinners) spinner.join();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::overloaded);
  EXPECT_EQ(pool.metrics().timed_out, 1u);
  EXPECT_TRUE(render_with(pool)) << "the next one works";
}

TEST(ImagePool, BeginsNoRenditionWhileTooManyWaitToBeStored) {
  ImagePool pool(pool_options());
  std::vector<Result<MadeImage>> held;
  for (std::size_t i = 0; i < kOutputsPerWorker; ++i) held.push_back(render_with(pool));
  std::atomic<bool> made{false};
  std::thread another([&] { made = render_with(pool).has_value(); });
  while (pool.metrics().renditions.waiting == 0) std::this_thread::yield();
  EXPECT_EQ(pool.metrics().renditions.working, 0u);
  EXPECT_FALSE(made.load());
  held.pop_back();
  another.join();
  EXPECT_TRUE(made.load()) << "room was made for it";
}

TEST(ImagePool, FilesOverTheLimitNeverReachAWorker) {
  ImagePool pool(pool_options({.file_bytes_max = 10}));
  const Result<MadeImage> made = render_with(pool);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::unprocessable);
  EXPECT_EQ(pool.metrics().processes_started, 0u);
}

TEST(ImagePool, ManyOrdersOfSeveralCoresAreAllAnswered) {
  ImagePoolOptions options = pool_options();
  options.renditions.workers = 2;
  options.renditions.queue_max = 1000;
  ImagePool pool(options);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) EXPECT_TRUE(render_with(pool));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool.metrics().done, 60u);
  EXPECT_EQ(pool.metrics().renditions.waiting, 0u);
}

}  // namespace
}  // namespace mooring
