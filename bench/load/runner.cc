#include "load/runner.h"

#include <fmt/format.h>
#include <time.h>

#include <csignal>
#include <deque>
#include <latch>
#include <memory>
#include <thread>

#include "load/client.h"
#include "load/progress.h"
#include "load/serving.h"
#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "mooring/base/uuid.h"
#include "mooring/core/workers.h"
#include "mooring/uring/probe.h"

namespace mooring {

namespace {

constexpr std::uint64_t kNanosecondsPerMillisecond = 1'000'000;
// From the last core being ready to the first request.
constexpr std::uint64_t kHeadStartMs = 20;

std::uint64_t thread_busy_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

// What all cores of a run share.
struct Run {
  const Scenario& scenario;
  const SocketAddress& address;
  const ContentPattern& pattern;
  std::uint64_t seed;
  std::string name;
  RunTimes times;
  std::latch ready;
  std::latch go;
  std::vector<std::unique_ptr<CoreStatistics>> statistics;
};

// Measures the processor time of this thread inside the window.
Task<void> watch_window(CoreContext& context, const bool& over) {
  while (!over && monotonic_ns() < context.times.measure_ns) {
    Sleep pause(context.core, TimerWheel::kTickMs);
    co_await pause;
  }
  const std::uint64_t before = thread_busy_ns();
  while (!over && monotonic_ns() < context.times.end_ns) {
    Sleep pause(context.core, TimerWheel::kTickMs);
    co_await pause;
  }
  context.statistics.busy_ns.set(thread_busy_ns() - before);
}

Task<void> run_clients(CoreContext& context) {
  std::deque<GroupContext> groups;
  std::deque<Client> clients;
  Gate running(context.core);
  Gate beside(context.core);
  bool over = false;
  TimeoutOperation begin = context.core.ring().wait_until(context.times.begin_ns);
  Status came = co_await begin;
  MOORING_CHECK(came.has_value(), "nobody cancels the begin of a run");
  beside.spawn(watch_window(context, over));
  for (std::size_t i = 0; i < context.scenario.groups.size(); ++i) {
    const LoadGroup& of_scenario = context.scenario.groups[i];
    GroupContext& group = groups.emplace_back(context, of_scenario, i);
    const std::uint32_t all = of_scenario.connections;
    const std::uint32_t cores = context.scenario.cores;
    const std::uint32_t share = all / cores + (context.core.index() < all % cores ? 1 : 0);
    for (std::uint32_t k = 0; k < share; ++k)
      running.spawn(clients.emplace_back(context, group).run());
    if (group.pacer.is_open_loop()) beside.spawn(group.pacer.keep_schedule());
  }
  Gate::Empty all_ended = running.empty();
  co_await all_ended;
  over = true;
  Gate::Empty beside_ended = beside.empty();
  co_await beside_ended;
}

Task<void> run_core_to_end(CoreContext& context) {
  co_await run_clients(context);
  context.core.stop();
}

void run_core(Run& run, unsigned index, WorkerPool& workers, Status& outcome) {
  if (!run.scenario.cpus.empty())
    pin_thread_to(run.scenario.cpus[index % run.scenario.cpus.size()]);
  CoreOptions options;
  options.index = index;
  options.chunks_max = 8;  // clients bring their own buffers
  options.head_buffers = 8;
  options.ring.submissions = 4096;
  options.ring.completions = 16'384;
  Result<std::unique_ptr<Core>> core = Core::create(options, workers);
  if (!core) outcome = std::unexpected(core.error());
  run.ready.count_down();
  run.go.wait();
  if (!core) return;
  Gate senders(**core);
  Gate own(**core);
  CoreContext context{**core,      run.scenario,
                      run.pattern, run.address,
                      run.times,   *run.statistics[index],
                      senders,     run.seed,
                      run.name,    Random(mix_bits(run.seed ^ (index + 1))),
                      index};
  own.spawn(run_core_to_end(context));
  (*core)->run();
}

RunTimes times_from_now(const Scenario& scenario) {
  RunTimes times;
  times.begin_ns = monotonic_ns() + kHeadStartMs * kNanosecondsPerMillisecond;
  times.measure_ns = times.begin_ns + scenario.warmup_ms * kNanosecondsPerMillisecond;
  times.end_ns = times.measure_ns + scenario.duration_ms * kNanosecondsPerMillisecond;
  times.drained_ns = times.end_ns + scenario.drain_ms * kNanosecondsPerMillisecond;
  return times;
}

}  // namespace

Result<Results> run_scenario(const Scenario& scenario, Progress progress) {
  const Result<SocketAddress> address = SocketAddress::of(scenario.target);
  if (!address) return std::unexpected(address.error());
  raise_limits();
  std::uint64_t seed = scenario.seed;
  if (seed == 0) random_bytes(std::as_writable_bytes(std::span(&seed, 1)));
  const ContentPattern pattern(seed);
  Run run{scenario,
          *address,
          pattern,
          seed,
          fmt::format("{:016x}", mix_bits(seed)),
          {},
          std::latch(scenario.cores),
          std::latch(1),
          {}};
  WorkerPool workers(1);
  std::vector<Status> outcomes(scenario.cores);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < scenario.cores; ++i)
    threads.emplace_back(run_core, std::ref(run), i, std::ref(workers), std::ref(outcomes[i]));
  run.ready.wait();
  run.times = times_from_now(scenario);
  for (unsigned i = 0; i < scenario.cores; ++i)
    run.statistics.push_back(std::make_unique<CoreStatistics>(scenario, run.times));
  std::signal(SIGINT, [](int) { stop_all_pacers(); });
  std::signal(SIGTERM, [](int) { stop_all_pacers(); });
  run.go.count_down();
  {
    const ProgressLine line(scenario, run.times, run.statistics, progress);
    for (std::thread& thread : threads) thread.join();
  }
  for (const Status& outcome : outcomes)
    if (!outcome) return std::unexpected(outcome.error());
  return sum_up(scenario, run.times, run.statistics);
}

}  // namespace mooring
