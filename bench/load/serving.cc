#include "load/serving.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <cstdio>
#include <latch>
#include <thread>
#include <vector>

#include "mooring/core/workers.h"
#include "mooring/uring/probe.h"

namespace mooring {

namespace {

constexpr int kBacklog = 4096;
constexpr std::uint16_t kChunksMax = 256;
constexpr std::uint64_t kAcceptPauseMs = 100;

struct Listening {
  Core& core;
  int listener;
  const Serving& serving;
  void* state;
  Gate& connections;
};

Task<void> accept_all(Listening listening) {
  while (true) {
    AcceptOperation accept = listening.core.ring().accept(listening.listener);
    Result<Fd> socket = co_await accept;
    if (!socket) {
      Sleep pause(listening.core, kAcceptPauseMs);
      co_await pause;
      continue;
    }
    tune_connection(socket->get());
    listening.connections.spawn(
        listening.serving.serve(listening.core, std::move(*socket), listening.state));
  }
}

struct Start {
  const ServeOptions& options;
  const Serving& serving;
  WorkerPool& workers;
  std::latch& ready;
};

void run_core(Start start, unsigned index, int listener, Status& outcome) {
  const std::vector<unsigned>& cpus = start.options.cpus;
  if (!cpus.empty()) pin_thread_to(cpus[index % cpus.size()]);
  CoreOptions options;
  options.index = index;
  options.chunks_max = kChunksMax;
  options.ring.completions = 16'384;
  Result<std::unique_ptr<Core>> core = Core::create(options, start.workers);
  Result<void*> state = nullptr;
  if (core && start.serving.begin_core != nullptr)
    state = start.serving.begin_core(**core, start.options);
  if (!core) outcome = std::unexpected(core.error());
  if (core && !state) outcome = std::unexpected(state.error());
  start.ready.count_down();
  if (!outcome) return;
  Gate connections(**core);
  Gate accepting(**core);
  accepting.spawn(accept_all({**core, listener, start.serving, *state, connections}));
  (*core)->run();
}

}  // namespace

void pin_thread_to(unsigned cpu) noexcept {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
}

Status serve_forever(const ServeOptions& options, const Serving& serving) {
  raise_limits();
  Endpoint endpoint = options.listen;
  std::vector<Fd> listeners;
  for (std::uint32_t i = 0; i < options.cores; ++i) {
    Result<Fd> listener = listen_on(endpoint, kBacklog);
    if (!listener) return std::unexpected(listener.error());
    Result<Endpoint> taken = local_endpoint(listener->get());
    if (!taken) return std::unexpected(taken.error());
    endpoint = *taken;
    listeners.push_back(std::move(*listener));
  }
  WorkerPool workers(1);
  std::latch ready(options.cores);
  std::vector<Status> outcomes(options.cores);
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < options.cores; ++i)
    threads.emplace_back(run_core, Start{options, serving, workers, ready}, i, listeners[i].get(),
                         std::ref(outcomes[i]));
  ready.wait();
  fmt::print("{} on http://{}\n", serving.ready_text, to_string(endpoint));
  std::fflush(stdout);
  for (std::thread& thread : threads) thread.join();
  for (const Status& outcome : outcomes)
    if (!outcome) return outcome;
  return {};
}

}  // namespace mooring
