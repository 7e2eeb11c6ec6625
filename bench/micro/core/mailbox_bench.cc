// What crossing to a core costs: posting and delivering, and the way to a worker and back.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>

#include "mooring/core/core.h"
#include "mooring/core/gate.h"
#include "mooring/core/workers.h"

namespace mooring {
namespace {

struct Nothing final : Message {
  void deliver() noexcept override {}
};

void post_and_deliver(benchmark::State& state) {
  Mailbox mailbox;
  std::array<Nothing, 32> messages;
  for (auto _ : state) {
    for (Nothing& message : messages) mailbox.post(message);
    benchmark::DoNotOptimize(mailbox.deliver_all());
  }
  state.SetItemsProcessed(state.iterations() * 32);
}
BENCHMARK(post_and_deliver);

void post_a_chain(benchmark::State& state) {
  Mailbox mailbox;
  std::array<Nothing, 32> messages;
  for (auto _ : state) {
    for (std::size_t i = 0; i + 1 < messages.size(); ++i)
      messages[i].next_message = &messages[i + 1];
    mailbox.post_all(&messages.front(), &messages.back());
    benchmark::DoNotOptimize(mailbox.deliver_all());
  }
  state.SetItemsProcessed(state.iterations() * 32);
}
BENCHMARK(post_a_chain);

Task<void> visit_worker(Core& core, WorkerPool& workers) {
  (void)co_await workers.run(core, [] { return true; });
}

Task<void> visit_many(Core& core, WorkerPool& workers, benchmark::State& state) {
  const auto side_by_side = static_cast<int>(state.range(0));
  for (auto _ : state) {
    Gate gate(core);
    for (int i = 0; i < side_by_side; ++i) gate.spawn(visit_worker(core, workers));
    co_await gate.empty();
  }
  state.SetItemsProcessed(state.iterations() * side_by_side);
  core.stop();
}

void worker_and_back(benchmark::State& state) {
  WorkerPool workers(2);
  CoreOptions options;
  options.chunks_max = 1;
  options.head_buffers = 1;
  Result<std::unique_ptr<Core>> core = Core::create(options, workers);
  if (!core) return state.SkipWithError("no core: see mooring doctor");
  Gate gate(**core);
  gate.spawn(visit_many(**core, workers, state));
  (*core)->run();
}
BENCHMARK(worker_and_back)->Arg(1)->Arg(32)->UseRealTime();

}  // namespace
}  // namespace mooring
